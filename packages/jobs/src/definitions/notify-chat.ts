import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Tells the members of a chat about messages that they have not read, by one notification each, and plans their mails. */
export const notifyChat = defineJob({
  queue: 'reminder',
  name: 'notify-chat',
  payload: z.strictObject({ chatId: z.uuid() }),
  options: retryPolicies['notify-chat'],
})
