import type { Task } from '@muster/client'
import { Clock } from 'lucide-react'
import { addDays, dayOf, formatInstant, formatTime } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { cx } from '../../ui/cx.ts'
import { isOverdue } from './labels.ts'

/** Returns when something is due as people say it: today and tomorrow by name, the year only when it is another one. */
export function dueText(instant: string | Date, timeZone: string, now = new Date()): string {
  const day = dayOf(instant, timeZone)
  const today = dayOf(now, timeZone)
  const time = formatTime(instant, timeZone)
  if (day === today) return m.tasks_due_today({ time })
  if (day === addDays(today, 1)) return m.tasks_due_tomorrow({ time })
  if (day === addDays(today, -1)) return m.tasks_due_yesterday({ time })
  const isSameYear = day.slice(0, 4) === today.slice(0, 4)
  return formatInstant(instant, {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(!isSameYear && { year: 'numeric' as const }),
    hour: 'numeric',
    minute: '2-digit',
  })
}

/** When a task is due, in the person's zone; red once it has passed. */
export function DueText({ task, timeZone }: { task: Pick<Task, 'dueDate' | 'status'>; timeZone: string }) {
  if (task.dueDate === null) return null
  const isLate = isOverdue(task)
  return (
    <span
      className={cx('inline-flex items-center gap-1 text-sm whitespace-nowrap', isLate ? 'text-danger' : 'text-ink-3')}
    >
      <Clock aria-hidden="true" className="size-3.5" />
      {isLate && <span className="sr-only">{m.tasks_overdue()}</span>}
      <time dateTime={task.dueDate}>{dueText(task.dueDate, timeZone)}</time>
    </span>
  )
}
