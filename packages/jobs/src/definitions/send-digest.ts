import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Mails a user the tasks that are due on one date of their own calendar, and those that are overdue. */
export const sendDigest = defineJob({
  queue: 'reminder',
  name: 'send-digest',
  payload: z.strictObject({ userId: z.uuid(), localDate: z.iso.date() }),
  options: retryPolicies['send-digest'],
})
