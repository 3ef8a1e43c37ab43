import { Link } from '@react-email/components'
import type { ReactNode } from 'react'
import { Layout } from './parts/layout.tsx'
import { OptOutLink } from './parts/opt-out-link.tsx'
import { Each, slot, When, when } from './parts/slot.tsx'
import { color } from './parts/style.ts'
import { TaskFacts } from './parts/task.tsx'
import { Action, Greeting, Paragraph, Remark, Subheading } from './parts/text.tsx'

export const subject = [
  when('dueCount', 'tasks', `${slot('dueCount', 'tasks')} due today`),
  when('dueCount', 'tasks', when('overdueCount', 'tasks', ', ')),
  when('overdueCount', 'tasks', `${slot('overdueCount', 'tasks')} overdue`),
].join('')

export default function MorningDigest() {
  return (
    <Layout preview={slot('localDate', 'day')} title={subject} reason={<Reason />}>
      <Paragraph>
        <Greeting />, this is what {slot('localDate', 'day')} brings.
      </Paragraph>
      <When has="dueCount" as="count">
        <Subheading>Due today</Subheading>
        <Each of="due">
          <Task>{slot('dueDate', 'time')}</Task>
        </Each>
        <When has="dueMore" as="count">
          <Remark>… and {slot('dueMore', 'count')} more.</Remark>
        </When>
      </When>
      <When has="overdueCount" as="count">
        <Subheading>Overdue</Subheading>
        <Each of="overdue">
          <Task>{slot('dueDate', 'dateTime')}</Task>
        </Each>
        <When has="overdueMore" as="count">
          <Remark>… and {slot('overdueMore', 'count')} more.</Remark>
        </When>
      </When>
      <Action href={`${slot('webUrl', 'address')}/tasks`}>Open your tasks</Action>
      <When has="late" as="flag">
        <Remark>This mail comes late: its time was {slot('scheduledAt', 'dateTime')}.</Remark>
      </When>
    </Layout>
  )
}

/** One task, with when it is or was due. */
function Task({ children }: { children: ReactNode }) {
  return (
    <Paragraph>
      <Link
        className="link"
        dir="auto"
        href={`${slot('webUrl', 'address')}/tasks/${slot('taskId', 'pathPart')}`}
        style={{ color: color.accent, fontWeight: 600, textDecoration: 'none' }}
      >
        {slot('taskTitle')}
      </Link>
      <br />
      <span className="muted" style={{ color: color.muted, fontSize: '14px' }}>
        {children} ·{' '}
      </span>
      <span style={{ fontSize: '14px' }}>
        <TaskFacts />
      </span>
    </Paragraph>
  )
}

function Reason() {
  return (
    <>
      You get this mail in the morning of a day on which something is due or overdue.
      <OptOutLink>Turn the morning digest off</OptOutLink>
    </>
  )
}
