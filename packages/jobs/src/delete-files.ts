import { z } from 'zod'
import { defineJob } from './define-job.ts'

/** Removes stored files whose rows are gone. A key that is not there is no error. */
export const deleteFiles = defineJob({
  queue: 'image',
  name: 'delete-files',
  payload: z.strictObject({ keys: z.array(z.string().min(1)).min(1) }),
  options: { attempts: 10, backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 } },
})
