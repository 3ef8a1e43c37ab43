import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Makes the small version and the thumbnail of an uploaded image. */
export const optimizeImage = defineJob({
  queue: 'image',
  name: 'optimize-image',
  payload: z.strictObject({ attachmentId: z.uuid() }),
  options: retryPolicies['optimize-image'],
})
