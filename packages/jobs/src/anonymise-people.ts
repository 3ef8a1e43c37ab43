import { z } from 'zod'
import { defineHint } from './define-job.ts'

/** Makes people anonymous whose wish to be deleted is old enough, daily. */
export const anonymisePeople = defineHint({ queue: 'audit', name: 'anonymise-people', payload: z.strictObject({}) })

/** How long a sign-in can take a wish to be deleted back. */
export const deletionGraceMs = 30 * 86_400_000
