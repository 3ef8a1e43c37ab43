import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Makes a user's avatar from the image that they uploaded. */
export const optimizeAvatar = defineJob({
  queue: 'image',
  name: 'optimize-avatar',
  payload: z.strictObject({ userId: z.uuid(), uploadId: z.uuid() }),
  options: retryPolicies['optimize-avatar'],
})
