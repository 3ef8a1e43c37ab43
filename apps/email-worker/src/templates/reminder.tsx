import { Layout } from './parts/layout.tsx'
import { slot, When } from './parts/slot.tsx'
import { Action, Panel, Paragraph, Remark } from './parts/text.tsx'

export const subject = `Reminder: ${slot('taskTitle')}`

export default function Reminder() {
  return (
    <Layout
      preview="A task you wanted to be reminded of"
      title={slot('taskTitle')}
      reason="You get this mail because a reminder for this task was set in Muster."
    >
      <When has="dueDate" as="dateTime">
        <Paragraph>Due {slot('dueDate', 'dateTime')}</Paragraph>
      </When>
      <When has="message" as="lines">
        <Panel>{slot('message', 'lines')}</Panel>
      </When>
      <Action href={`${slot('webUrl', 'address')}/tasks/${slot('taskId', 'pathPart')}`}>Open the task</Action>
      <When has="late" as="flag">
        <Remark>This reminder comes late: its time was {slot('scheduledAt', 'dateTime')}.</Remark>
      </When>
    </Layout>
  )
}
