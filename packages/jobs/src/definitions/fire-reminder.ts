import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Delivers one reminder for one moment; a reminder that moved meanwhile has another `scheduledAt` and is skipped. */
export const fireReminder = defineJob({
  queue: 'reminder',
  name: 'fire-reminder',
  payload: z.strictObject({ reminderId: z.uuid(), scheduledAt: z.iso.datetime() }),
  options: retryPolicies['fire-reminder'],
})
