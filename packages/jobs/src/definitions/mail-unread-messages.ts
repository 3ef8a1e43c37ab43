import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Mails a user the chats with messages that they have not read, if that is still so. */
export const mailUnreadMessages = defineJob({
  queue: 'reminder',
  name: 'mail-unread-messages',
  payload: z.strictObject({ userId: z.uuid() }),
  options: retryPolicies['mail-unread-messages'],
})
