import { queueNames } from '@muster/jobs/definitions'
import { z } from 'zod'
import { id, queryInteger, text } from '../../http/fields.ts'
import { cursorInfo, instant, replyOf } from '../../http/reply.ts'

const queueName = z.enum(queueNames)

export const queue = z
  .object({
    name: queueName,
    waiting: z.int(),
    active: z.int(),
    delayed: z.int(),
    /** Those that `GET /admin/queues/:name/failed` lists. */
    failed: z.int(),
    /** Of the last hour, at most 10,000. */
    completed: z.int(),
    paused: z.boolean(),
    /** Since the longest waiting job was handed over; 0 when none waits. */
    oldestWaitingMs: z.int(),
  })
  .meta({ id: 'Queue' })
export type QueueView = z.infer<typeof queue>

/** Jobs that were not handed over to a queue yet: up to 1000 of them, and since when the first of them waits. */
const outbox = z.object({ pending: z.int(), oldestMs: z.int() })

export const failedJob = z
  .object({
    id: z.string(),
    name: z.string(),
    payload: z.unknown(),
    reason: z.string().nullable(),
    /** False for what only repeats by the clock, such as a daily sweep: the next one does what this one left. */
    isOwed: z.boolean(),
    createdAt: instant,
    failedAt: instant,
  })
  .meta({ id: 'FailedJob' })
export type FailedJobView = z.infer<typeof failedJob>

export const queueParams = z.strictObject({ name: queueName })
export const failedJobParams = queueParams.extend({ jobId: text({ min: 1, max: 100 }) })
export type FailedJobRef = z.output<typeof failedJobParams>

export const failedQuery = z.strictObject({
  limit: queryInteger({ min: 1, max: 100 }).default(50),
  /** `nextCursor` of the page before. */
  cursor: id.optional(),
})
export type FailedQuery = z.output<typeof failedQuery>

export const queuesReply = replyOf(z.object({ queues: z.array(queue), outbox }))
export const failedJobsReply = z.object({
  success: z.literal(true),
  message: z.string().optional(),
  data: z.object({ jobs: z.array(failedJob) }),
  pagination: cursorInfo,
})
export const retriedReply = replyOf(z.object({ jobId: z.string() }))
