import { z } from 'zod'
import { defineJob } from './define-job.ts'

/** Sends the message of one `email_messages` row. SMTP trouble is retried by the row's own schedule, not by attempts. */
export const sendEmail = defineJob({
  queue: 'email',
  name: 'send-email',
  payload: z.strictObject({ emailId: z.uuid() }),
  options: { attempts: 5, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
