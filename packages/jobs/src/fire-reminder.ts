import { z } from 'zod'
import { defineJob } from './define-job.ts'

/** Delivers one reminder for one moment; a reminder that moved meanwhile has another `scheduledAt` and is left alone. */
export const fireReminder = defineJob({
  queue: 'reminder',
  name: 'fire-reminder',
  payload: z.strictObject({ reminderId: z.uuid(), scheduledAt: z.iso.datetime() }),
  options: { attempts: 5, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
