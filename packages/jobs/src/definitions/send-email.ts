import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/**
 * Sends the message of one `email_messages` row. Failures of the mail server are retried by the row's own schedule
 * (`mailRetry`), not by attempts.
 */
export const sendEmail = defineJob({
  queue: 'email',
  name: 'send-email',
  payload: z.strictObject({ emailId: z.uuid() }),
  options: retryPolicies['send-email'],
})
