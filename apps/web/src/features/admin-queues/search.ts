import { maybe, z } from '../../lib/zod.ts'

export const queueRanges = ['hour', 'day', 'week'] as const
export type QueueRange = (typeof queueRanges)[number]

/** The search parameters of the page of a queue. An invalid value is ignored. */
export const queueSearch = z.object({
  range: maybe(z.enum(queueRanges)),
  /** Shows the failed jobs of this reason and name alone. */
  reason: maybe(z.string().check(z.maxLength(200))),
  job: maybe(z.string().check(z.maxLength(100))),
})
export type QueueSearch = z.infer<typeof queueSearch>
