import { z } from 'zod'
import { defineJob } from './define-job.ts'

/**
 * Tells a person that a task of theirs is due in an hour, or that it is overdue. A task whose due date moved meanwhile has
 * another `dueDate` and is left alone.
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
  options: { attempts: 5, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
