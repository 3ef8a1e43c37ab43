import { queueNames } from '@muster/jobs/definitions'
import { z } from 'zod'
import { id, queryInteger, text } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'

const queueName = z.enum(queueNames)

export const queue = z
  .object({
    name: queueName,
    waiting: z.int(),
    active: z.int(),
    delayed: z.int(),
    /** The number of jobs that `GET /admin/queues/:name/failed` lists. */
    failed: z.int(),
    /** Jobs completed in the last hour, at most 10,000. */
    completed: z.int(),
    paused: z.boolean(),
    /** Age of the longest waiting job since it was published, in ms; 0 when no job waits. */
    oldestWaitingMs: z.int(),
  })
  .meta({ id: 'Queue' })
export type QueueView = z.infer<typeof queue>

/** Jobs not yet published to a queue: their number up to 1000, and the age of the oldest. */
const outbox = z.object({ pending: z.int(), oldestMs: z.int() })

export const failedJob = z
  .object({
    id: z.string(),
    name: z.string(),
    payload: z.unknown(),
    reason: z.string().nullable(),
    /** False for a scheduled run such as a daily sweep, which has no outbox row: the next run does its work. */
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
export const failedJobsReply = pageReplyOf(z.object({ jobs: z.array(failedJob) }))
export const retriedReply = replyOf(z.object({ jobId: z.string() }))
