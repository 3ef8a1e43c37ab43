import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/**
 * Notifies a user that a task of theirs is due in an hour, or overdue. A task whose due date moved meanwhile has another
 * `dueDate` and is skipped.
 */
export const notifyDue = defineJob({
  queue: 'reminder',
  name: 'notify-due',
  payload: z.strictObject({
    taskId: z.uuid(),
    userId: z.uuid(),
    kind: z.enum(['upcoming', 'overdue']),
    dueDate: z.iso.datetime(),
  }),
  options: retryPolicies['notify-due'],
})
