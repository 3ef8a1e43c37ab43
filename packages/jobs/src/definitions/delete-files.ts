import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Deletes stored files whose rows are deleted. A key that does not exist is not an error. */
export const deleteFiles = defineJob({
  queue: 'image',
  name: 'delete-files',
  payload: z.strictObject({ keys: z.array(z.string().min(1)).min(1) }),
  options: retryPolicies['delete-files'],
})
