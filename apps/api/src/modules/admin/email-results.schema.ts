import { faultOf } from '@muster/errors'
import { instant } from '@muster/realtime/shapes'
import { z } from 'zod'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { dateTime } from '../../http/fields.ts'
import { replyOf } from '../../http/reply.ts'

/** Steps of the results, with the number of minutes that each has; a day lasts as long as it does in the zone of the caller. */
export const resultSteps = { minute: 1, 'quarter-hour': 15, hour: 60, day: 1_440 } as const
export type ResultStep = keyof typeof resultSteps
const maxSteps = 1_000

export const emailResultsQuery = z
  .strictObject({
    from: dateTime.describe('The first moment.'),
    to: dateTime.describe(`The moment at which it ends, at most ${maxSteps} steps later.`),
    step: z
      .enum(Object.keys(resultSteps) as [ResultStep, ...ResultStep[]])
      .default('hour')
      .describe('How much time one entry has. Days are those of the zone of the caller.'),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], ...rule('BEFORE', { field: 'from' }) })
  .superRefine(({ from, to, step }, ctx) => {
    const maxMs = maxSteps * resultSteps[step] * 60_000
    const fromMs = Date.parse(from)
    if (Date.parse(to) - fromMs > maxMs)
      ctx.addIssue(issueOf(['to'], faultOf('OUT_OF_RANGE', { min: from, max: new Date(fromMs + maxMs).toISOString() })))
  })
export type EmailResultsQuery = z.output<typeof emailResultsQuery>

const counted = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [1] })

const emailResults = z
  .object({
    at: instant.describe('When it begins; it ends where the next entry begins.'),
    sent: counted('Attempts after which a mail was sent.'),
    retried: counted('Attempts that failed and are followed by another one.'),
    failed: counted('Attempts after which a mail failed.'),
    dropped: counted('Mails that were not needed any more.'),
    interrupted: counted('Attempts during which the worker ended or failed.'),
  })
  .meta({ id: 'EmailResults', description: 'How attempts to send mails ended in one span of time.' })
export type EmailResults = z.infer<typeof emailResults>
export const emailResultsReply = replyOf(
  z.object({
    results: z.array(emailResults).describe('Every step of the range, in order, also those without attempts.'),
  }),
)
