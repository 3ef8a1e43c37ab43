import type { Mail } from '@muster/mail'

/** From here on the person is told that it comes late, and when it was meant for. */
export const lateAfterMs = 60_000

/** Of a task, what its people are told. */
export type TaskToTell = {
  id: string
  title: string
  dueDate: Date
  priority: 'low' | 'medium' | 'high'
  category: string | null
}

type About = {
  task: TaskToTell
  user: { id: string; email: string; timezone: string }
  /** What the person wrote for themselves. */
  message: string | null
  /** The moment that it was meant for. */
  scheduledAt: Date
  late: boolean
}

/** A mail about one task: a reminder that was set, or a notice by the due date. */
export function taskMail(
  kind: 'reminder' | 'upcoming' | 'overdue',
  { task, user, message, scheduledAt, late }: About,
): Mail<'reminder'> {
  return {
    template: 'reminder',
    to: user.email,
    userId: user.id,
    data: {
      kind,
      taskId: task.id,
      taskTitle: task.title,
      dueDate: task.dueDate.toISOString(),
      priority: task.priority,
      category: task.category,
      message,
      timezone: user.timezone,
      scheduledAt: scheduledAt.toISOString(),
      late,
    },
  }
}
