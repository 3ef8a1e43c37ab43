import { z } from 'zod'
import { retryPolicies } from '../schedules/schedules-and-retries.ts'
import { defineJob } from './define-job.ts'

/** Scans an uploaded document for viruses, and makes it ready. Images are scanned before they are optimized. */
export const scanFile = defineJob({
  queue: 'image',
  name: 'scan-file',
  payload: z.strictObject({ attachmentId: z.uuid() }),
  options: retryPolicies['scan-file'],
})
