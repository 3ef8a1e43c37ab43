import type { Task } from '@muster/client'
import { muster } from '../../lib/muster.ts'

/**
 * Sets the caller's reminders anew that were pending before the task was completed: completing it completed them for good. Expects the task as it
 * was. @throws MusterError
 */
export async function renewReminders({ id: taskId, reminders }: Pick<Task, 'id' | 'reminders'>): Promise<void> {
  for (const { id, status, scheduledAt, offsetMinutes, type, message } of reminders) {
    if (status !== 'pending' || Date.parse(scheduledAt) <= Date.now()) continue
    const at = offsetMinutes === null ? { scheduledAt } : { offsetMinutes }
    await muster.reminders.create({ taskId, ...at, type, ...(message !== null && { message }) })
    await muster.reminders.delete(id)
  }
}
