import { z } from 'zod'
import { defineJob } from './define-job.ts'

/** Mails a person what is due on one date of their own calendar, and what is overdue. */
export const sendDigest = defineJob({
  queue: 'reminder',
  name: 'send-digest',
  payload: z.strictObject({ userId: z.uuid(), localDate: z.iso.date() }),
  options: { attempts: 5, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
