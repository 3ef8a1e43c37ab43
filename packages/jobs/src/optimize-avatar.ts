import { z } from 'zod'
import { defineJob } from './define-job.ts'

/** Makes a person's picture of what they uploaded. */
export const optimizeAvatar = defineJob({
  queue: 'image',
  name: 'optimize-avatar',
  payload: z.strictObject({ userId: z.uuid(), uploadId: z.uuid() }),
  options: { attempts: 3, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
