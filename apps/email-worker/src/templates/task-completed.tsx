import { Layout } from './parts/layout.tsx'
import { slot, When, Written } from './parts/slot.tsx'
import { Action, Greeting, Panel, Paragraph } from './parts/text.tsx'

export const subject = `Completed: ${slot('taskTitle')}`

export default function TaskCompleted() {
  return (
    <Layout
      preview="A task of yours is completed"
      title={slot('taskTitle')}
      reason="You get this mail because your preferences ask for mails when a task of yours is completed."
    >
      <Paragraph>
        <Greeting />, this task of yours is completed.
      </Paragraph>
      <Panel>
        {slot('completedAt', 'dateTime')}
        <When has="completedBy" as="person">
          <br />
          by <Written slot="completedBy" as="person" />
        </When>
      </Panel>
      <Action href={`${slot('webUrl', 'address')}/tasks/${slot('taskId', 'pathPart')}`}>Open the task</Action>
    </Layout>
  )
}
