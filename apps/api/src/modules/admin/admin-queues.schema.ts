import { queueNames } from '@muster/jobs/definitions'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { id, text } from '../../http/fields.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'

export const queueName = z.enum(queueNames).meta({ id: 'QueueName', description: 'The name of a queue.' })

export const queuePause = z
  .object({
    at: instant.describe('When it was paused.'),
    by: z
      .object({
        id: z.uuid().describe('The id of the user.'),
        name: z.string().meta({ description: 'Their name.', examples: ['Ada Lovelace'] }),
      })
      .nullable()
      .meta({ description: 'Who paused it; null for an operator at the command line.' }),
    note: z.string().meta({ description: 'Why.', examples: ['The mail server is being moved.'] }),
  })
  .meta({ id: 'QueuePause', description: 'Who paused a queue, when and why.' })

export const queue = z
  .object({
    name: queueName.describe('The name of the queue.'),
    waiting: z.int().describe('Jobs that wait.'),
    active: z.int().describe('Jobs in progress.'),
    delayed: z.int().describe('Jobs that wait for their time.'),
    failed: z.int().describe('The number of jobs that `GET /admin/queues/:name/failed` lists.'),
    completed: z.int().describe('Jobs completed in the last hour, at most 10,000.'),
    paused: z.boolean().describe('Whether the queue is paused.'),
    pause: queuePause.nullable().describe('By whom; null while it runs, and when it was not paused through Muster.'),
    oldestWaitingMs: z
      .int()
      .describe('Age of the longest waiting job since it was published, in ms; 0 when no job waits.'),
  })
  .meta({ id: 'Queue', description: 'A queue and its jobs.' })
export type QueueView = z.infer<typeof queue>

const outbox = z
  .object({
    pending: z.int().describe('The number of these jobs, up to 1000.'),
    oldestMs: z.int().describe('The age of the oldest one, in ms.'),
  })
  .meta({ id: 'Outbox', description: 'Jobs that are not yet published to a queue.' })

export const failedJob = z
  .object({
    id: z.string().meta({ description: 'The id of the job.', examples: ['01980f3a-0000-7000-8000-000000000001'] }),
    name: z.string().meta({ description: 'The name of the job.', examples: ['send-email'] }),
    payload: z.unknown().meta({
      description: 'The data of the job, without secrets; null when it is larger than 16 KiB.',
      examples: [{}],
    }),
    isPayloadCut: z.boolean().describe('Whether `payload` is left out because of its size.'),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it failed.', examples: ['ECONNREFUSED'] }),
    isOwed: z
      .boolean()
      .describe(
        'False for a scheduled run such as a daily sweep, which has no outbox row: the next run does its work.',
      ),
    requestId: z.uuid().nullable().describe('The request that caused it; null for a job of the schedule.'),
    createdAt: instant.describe('When it was enqueued.'),
    failedAt: instant.describe('When it failed.'),
  })
  .meta({ id: 'FailedJob', description: 'A job that failed for good.' })
export type FailedJobView = z.infer<typeof failedJob>

export const queueParams = z.strictObject({ name: queueName.describe('The name of the queue.') })
export const failedJobParams = queueParams.extend({
  jobId: text({ min: 1, max: 100 }).meta({
    description: 'The id of the job.',
    examples: ['01980f3a-0000-7000-8000-000000000001'],
  }),
})
export type FailedJobRef = z.output<typeof failedJobParams>

export const failedQuery = z.strictObject({
  limit: pageSize(50),
  cursor: id.optional().describe('`nextCursor` of the page before.'),
  reason: text({ max: 200, isMultiline: true })
    .optional()
    .describe(
      'Only jobs of this reason, as `GET /admin/queues/:name/failures` gives it. Without failed scheduled runs.',
    ),
  jobName: text({ min: 1, max: 100 }).optional().describe('Only jobs of this name. Without failed scheduled runs.'),
})
export type FailedQuery = z.output<typeof failedQuery>

export const queuesReply = replyOf(z.object({ queues: z.array(queue).describe('All queues.'), outbox }))
export const failedJobsReply = pageReplyOf(
  z
    .object({ jobs: z.array(failedJob).describe('The jobs, the newest first.') })
    .meta({ id: 'FailedJobList', description: 'Items of the list.' }),
)
export const retriedReply = replyOf(
  z.object({
    jobId: z
      .string()
      .meta({ description: 'The id of the new run.', examples: ['01980f3a-0000-7000-8000-000000000001'] }),
  }),
)
