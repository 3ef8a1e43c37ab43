import type { Mail } from '@muster/mail'

/** A notification that is later than this says so and names its scheduled time. */
export const lateAfterMs = 60_000

/** The fields of a task that mails and notifications show. */
export type NotifiedTask = {
  id: string
  title: string
  dueDate: Date | null
  priority: 'low' | 'medium' | 'high'
  category: string | null
}

/** A task that has a due date. */
export type DatedTask = NotifiedTask & { dueDate: Date }

type TaskMail = {
  task: NotifiedTask
  user: { id: string; email: string; timezone: string }
  /** The text that the user wrote for the reminder. */
  message: string | null
  /** When the mail was to be sent. */
  scheduledAt: Date
  late: boolean
}

/** Builds a mail about one task: a reminder, or a notice about its due date. */
export function taskMail(
  kind: 'reminder' | 'upcoming' | 'overdue',
  { task, user, message, scheduledAt, late }: TaskMail,
): Mail<'reminder'> {
  return {
    template: 'reminder',
    to: user.email,
    userId: user.id,
    data: {
      kind,
      taskId: task.id,
      taskTitle: task.title,
      dueDate: task.dueDate?.toISOString() ?? null,
      priority: task.priority,
      category: task.category,
      message,
      timezone: user.timezone,
      scheduledAt: scheduledAt.toISOString(),
      late,
    },
  }
}
