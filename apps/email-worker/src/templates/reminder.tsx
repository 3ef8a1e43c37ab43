import { Layout } from './parts/layout.tsx'
import { choice, slot, When } from './parts/slot.tsx'
import { TaskFacts } from './parts/task.tsx'
import { Action, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = `${choice('kind', {
  reminder: 'Reminder',
  upcoming: 'Due soon',
  overdue: 'Overdue',
})}: ${slot('taskTitle')}`

export default function Reminder() {
  return (
    <Layout
      preview={choice('kind', {
        reminder: 'A task you wanted to be reminded of',
        upcoming: 'A task of yours is due within the hour',
        overdue: 'A task of yours is overdue',
      })}
      title={slot('taskTitle')}
      reason={choice('kind', {
        reminder: 'You get this mail because a reminder for this task was set in Muster.',
        upcoming: 'You get this mail because this task is yours. Your preferences say whether you get such mails.',
        overdue: 'You get this mail because this task is yours. Your preferences say whether you get such mails.',
      })}
    >
      <When has="dueDate" as="dateTime">
        <Paragraph>
          {choice('kind', { reminder: 'Due', upcoming: 'Due', overdue: 'This was due' })} {slot('dueDate', 'dateTime')}
          <When has="priority">
            <br />
            <TaskFacts />
          </When>
        </Paragraph>
      </When>
      <When has="message" as="lines">
        <Panel>{slot('message', 'lines')}</Panel>
      </When>
      <Action href={`${slot('webUrl', 'address')}/tasks/${slot('taskId', 'pathPart')}`}>Open the task</Action>
      <When has="late" as="flag">
        <Remark>This mail comes late: its time was {slot('scheduledAt', 'dateTime')}.</Remark>
      </When>
    </Layout>
  )
}
