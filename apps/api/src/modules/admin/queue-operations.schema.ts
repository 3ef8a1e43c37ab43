import { faultOf } from '@muster/errors'
import { instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, note, text } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'
import { minuteMs } from './minute-samples.ts'

const count = (says: string) => z.int().nullable().describe(`${says} Null where it is not known.`)

/** The samples that are kept, and a day in which one may be late. */
const maxSpanMs = 8 * 86_400_000
/** The points of a chart at most. */
const maxPoints = 360
const steps = [1, 2, 5, 10, 15, 30, 60]

export const seriesQuery = z
  .strictObject({
    from: dateTime.optional().describe('The first instant; an hour before `to` when left out.'),
    to: dateTime.optional().describe('The end, at most 8 days after `from`; now when left out.'),
  })
  .refine(({ from, to }) => !from || !to || from < to, { path: ['to'], ...rule('BEFORE', { field: 'from' }) })
  .superRefine(({ from, to }, ctx) => {
    if (!from || !to) return
    const max = new Date(Date.parse(from) + maxSpanMs).toISOString()
    if (to > max) ctx.addIssue(issueOf(['to'], faultOf('OUT_OF_RANGE', { min: from, max })))
  })
export type SeriesQuery = z.output<typeof seriesQuery>

/** Returns the minutes of one sample of a span, so that a chart has at most some hundred points. */
export const stepOf = (spanMs: number): number =>
  steps.find((step) => spanMs / (step * minuteMs) <= maxPoints) ?? (steps.at(-1) as number)

const sample = z
  .object({
    at: instant.describe('When its span begins.'),
    waiting: count('Jobs that waited and could have started, also those not published yet.'),
    active: count('Jobs in progress.'),
    delayed: count('Jobs whose time had not come.'),
    oldestMs: count('Age of the job that waited the longest, in ms.'),
    added: count('Jobs that were added.'),
    completed: count('Jobs that were completed.'),
    failed: count('Jobs that failed for good, and were neither retried nor discarded within the minute.'),
  })
  .meta({
    id: 'QueueSample',
    description: 'A queue in a span of time: states are the greatest in it, flows their sum.',
  })

const clearsAt = instant
  .nullable()
  .describe('When no job will wait any more, if the measured rates stay; null when the queue does not get shorter.')

const forecast = z
  .object({
    measuredMinutes: z.int().describe('The minutes over which the rates were measured, at most 15.'),
    backlog: z.int().describe('Jobs that wait or are in progress now.'),
    addedPerMinute: z.number().describe('Jobs added a minute.'),
    completedPerMinute: z.number().describe('Jobs done a minute while jobs waited.'),
    workers: count('Processes that run now.'),
    clearsAt,
    options: z
      .array(
        z.object({ moreWorkers: z.int().describe('So many workers more than now.'), clearsAt }).meta({
          id: 'ForecastOption',
          description: 'When a queue would be empty with more workers, each as fast as those that run.',
        }),
      )
      .describe('What more workers would change; empty while no worker runs.'),
  })
  .meta({ id: 'QueueForecast', description: 'When a queue will be empty, from measured rates.' })

const series = z
  .object({
    from: instant.describe('When the first span begins.'),
    to: instant.describe('When the last span ends.'),
    stepMinutes: z.int().describe('The length of a span, in minutes.'),
    samples: z
      .array(sample)
      .max(maxPoints + 1)
      .describe('Each span, in order, also those without samples.'),
    forecast: forecast
      .nullable()
      .describe('Null while the queue is paused, and until the rates of three minutes are known.'),
    measuringSince: instant.nullable().meta({
      description:
        'When jobs were retried together, the queue was resumed, or a worker started or ended, while the rates since then are not known: those of before tell nothing. Else null.',
      examples: [null],
    }),
  })
  .meta({ id: 'QueueSeries', description: 'A queue over time.' })
export type QueueSeries = z.infer<typeof series>
export const seriesReply = replyOf(series)

const failureGroup = z
  .object({
    jobName: z.string().meta({ description: 'The name of the jobs.', examples: ['send-email'] }),
    reason: z.string().meta({
      description: 'Why they failed, with `…` for ids, addresses and long numbers. Empty where no reason is known.',
      examples: ['550 mailbox unavailable'],
    }),
    count: z.int().describe('The number of jobs.'),
    firstFailedAt: instant.describe('When the first of them failed.'),
    lastFailedAt: instant.describe('When the last of them failed.'),
    canRetry: z.boolean().describe('Whether this release knows jobs of this name.'),
  })
  .meta({ id: 'FailureGroup', description: 'Failed jobs with the same name and reason.' })

const failures = z
  .object({
    groups: z.array(failureGroup).describe('The greatest first, at most 200.'),
    others: z.int().describe('The number of jobs in other groups.'),
    counted: z.int().describe('The number of jobs that are counted yet.'),
    total: z.int().describe('The number of jobs when the count began. Failed scheduled runs are not among them.'),
    isComplete: z.boolean().describe('False while jobs are still being counted: ask again in a moment.'),
    countedAt: instant.describe('When the count began.'),
  })
  .meta({ id: 'QueueFailures', description: 'The failed jobs of a queue by name and reason.' })
export type QueueFailures = z.infer<typeof failures>
export const failuresReply = replyOf(failures)

const retry = z
  .object({
    at: instant.describe('When the last of them was retried.'),
    by: userSummary.nullable().describe('Who retried them; null for a command on the machine.'),
    note: z
      .string()
      .nullable()
      .meta({ description: 'Why, of a retry of several jobs.', examples: [null] }),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Only jobs that had failed for this reason were retried; null for all.', examples: [null] }),
    jobName: z
      .string()
      .nullable()
      .meta({ description: 'Only jobs with this name were retried; null for all.', examples: ['send-email'] }),
    jobs: z.int().describe('How many were retried.'),
    pending: z.int().describe('How many of them wait or run.'),
    failed: z.int().describe('How many of them have failed again.'),
    done: z.int().describe('How many of them are done, or were retried or discarded once more.'),
  })
  .meta({
    id: 'QueueRetry',
    description: 'Retries of failed jobs by one operator for one reason, and what became of them.',
  })
const retries = z
  .object({ retries: z.array(retry).max(10).describe('Those of the last 24 hours, the latest first.') })
  .meta({ id: 'QueueRetries', description: 'What became of failed jobs that were retried.' })
export type QueueRetries = z.infer<typeof retries>
export const retriesReply = replyOf(retries)

export const maxJobsPerCall = 2_000

export const failedJobsChange = z
  .strictObject({
    reason: text({ max: 200, isMultiline: true })
      .optional()
      .describe('Only jobs that failed for this reason, as `GET /admin/queues/:name/failures` gives it.'),
    jobName: text({ min: 1, max: 100 }).optional().describe('Only jobs of this name.'),
    note: note.optional().meta({
      description: 'Why this is done, for the audit log. Required unless `dryRun`.',
      examples: ['The mail server is back'],
    }),
    dryRun: z.boolean().default(false).describe('Whether to count the jobs only, and change nothing.'),
    limit: z.int().min(1).max(maxJobsPerCall).default(1_000).describe('The number of jobs of this call at most.'),
    cursor: id.optional().describe('`nextCursor` of the call before.'),
  })
  .refine(({ note: given, dryRun }) => dryRun || given !== undefined, { path: ['note'], ...rule('REQUIRED') })
  .meta({ id: 'FailedJobsChange', description: 'Which failed jobs to retry or discard.' })
export type FailedJobsChange = z.output<typeof failedJobsChange>

const changed = z
  .object({
    done: z.int().describe('Jobs that this call retried or discarded.'),
    skipped: z
      .int()
      .describe('Jobs that this call left, because this release has no job with their name and payload. Discard them.'),
    remaining: z.int().describe('Jobs that fit and come after those of this call; of a dry run, all that fit.'),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Send it as `cursor` to go on; null when nothing remains.', examples: [null] }),
  })
  .meta({ id: 'ChangedFailedJobs', description: 'What a call did with failed jobs.' })
export type ChangedFailedJobs = z.infer<typeof changed>
export const changedReply = replyOf(changed)

export const pauseBody = z
  .strictObject({ note })
  .meta({ id: 'QueuePauseNote', description: 'Why a queue is paused or resumed.' })
