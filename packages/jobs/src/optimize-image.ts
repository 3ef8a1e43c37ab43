import { z } from 'zod'
import { defineJob } from './define-job.ts'

/** Makes the small version and the thumbnail of an uploaded image. */
export const optimizeImage = defineJob({
  queue: 'image',
  name: 'optimize-image',
  payload: z.strictObject({ attachmentId: z.uuid() }),
  options: { attempts: 3, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
