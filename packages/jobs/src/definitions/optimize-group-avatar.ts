import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Makes the avatar of a group from the image that an admin of it uploaded. */
export const optimizeGroupAvatar = defineJob({
  queue: 'image',
  name: 'optimize-group-avatar',
  payload: z.strictObject({ chatId: z.uuid(), uploadId: z.uuid() }),
  options: retryPolicies['optimize-group-avatar'],
})
