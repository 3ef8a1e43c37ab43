import { Layout } from './parts/layout.tsx'
import { choice, slot, When } from './parts/slot.tsx'
import { Action, Greeting, Panel, Paragraph } from './parts/text.tsx'

export const subject = `${choice('kind', {
  assigned: 'Assigned to you',
  'due-date': 'New due date',
  'no-due-date': 'No due date any more',
  unassigned: 'No longer assigned to you',
  deleted: 'Deleted',
})}: ${slot('taskTitle')}`

export default function TaskAssignment() {
  return (
    <Layout
      preview={choice('kind', {
        assigned: 'A task was assigned to you',
        'due-date': 'The due date of a task of yours changed',
        'no-due-date': 'A task of yours has no due date any more',
        unassigned: 'A task is no longer assigned to you',
        deleted: 'A task that was assigned to you was deleted',
      })}
      title={slot('taskTitle')}
      reason="You get this mail because your preferences ask for mails about tasks that are assigned to you."
    >
      <Paragraph>
        <Greeting />
        {choice('kind', {
          assigned: ', this task was assigned to you.',
          'due-date': ', the due date of this task changed.',
          'no-due-date': ', this task has no due date any more.',
          unassigned: ', this task is no longer assigned to you.',
          deleted: ', this task, which was assigned to you, was deleted.',
        })}
        <When has="more" as="tasks">
          {' '}
          The same happened to {slot('more', 'tasks')} more.
        </When>
        <When has="changedBy" as="person">
          {' '}
          Done by {slot('changedBy', 'person')}.
        </When>
      </Paragraph>
      <When has="kind" is="assigned">
        <Due />
        <OpenTask />
      </When>
      <When has="kind" is="due-date">
        <Due />
        <OpenTask />
      </When>
      <When has="kind" is="no-due-date">
        <Panel>No due date</Panel>
        <OpenTask />
      </When>
    </Layout>
  )
}

const Due = () => (
  <When has="dueDate" as="dateTime">
    <Panel>Due {slot('dueDate', 'dateTime')}</Panel>
  </When>
)

const OpenTask = () => (
  <Action href={`${slot('webUrl', 'address')}/tasks/${slot('taskId', 'pathPart')}`}>Open the task</Action>
)
