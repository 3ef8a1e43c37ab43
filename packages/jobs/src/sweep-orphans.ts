import { z } from 'zod'
import { defineHint } from './define-job.ts'

/** Removes stored files that no row names, daily. */
export const sweepOrphans = defineHint({ queue: 'image', name: 'sweep-orphans', payload: z.strictObject({}) })
