import { parseHead, type SignedHead } from '@muster/audit'
import { faultOf } from '@muster/errors'
import { instant, userSummary } from '@muster/realtime/shapes'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, queryInteger, text } from '../../http/fields.ts'
import { lastVerification } from '../../http/last-verification.ts'
import { pageSize } from '../../http/pagination.ts'
import { pageReplyOf, replyOf } from '../../http/reply.ts'

const exampleHash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const exampleHead = `42.${exampleHash}.k1.${exampleHash}`

export const auditEvent = z
  .object({
    id: z.uuid().describe('The id of the event.'),
    seq: z.int().describe('Its number in the chain.'),
    action: z.string().meta({ description: 'What was done.', examples: ['task.created'] }),
    actorId: z.uuid().nullable().describe('Who did it; null for nobody who is signed in.'),
    targetType: z.string().meta({ description: 'The kind of thing that it was done to.', examples: ['task'] }),
    targetId: z
      .string()
      .meta({ description: 'The id of that thing.', examples: ['01980f3a-0000-7000-8000-000000000001'] }),
    ip: z
      .string()
      .nullable()
      .meta({ description: 'The address of the request; null when it was erased.', examples: ['192.0.2.1'] }),
    userAgent: z
      .string()
      .nullable()
      .meta({ description: 'The browser of the request.', examples: ['Mozilla/5.0'] }),
    requestId: z
      .string()
      .nullable()
      .meta({ description: 'The id of the request.', examples: ['5f0c2f6e-8f43-4b9a-9d53-3a4b8a1f7a10'] }),
    before: z.unknown().meta({ description: 'The changed fields before.', examples: [null] }),
    after: z.unknown().meta({ description: 'The changed fields after.', examples: [{}] }),
    createdAt: instant.describe('When it happened.'),
    hash: z.string().meta({
      description: 'The hash of the event and of those before it.',
      examples: [exampleHash],
    }),
  })
  .meta({ id: 'AuditEvent', description: 'What somebody did, as a link of the chain.' })
/** An event as exports have it. */
export type AuditEventView = z.output<typeof auditEvent>

const target = z
  .object({
    type: z.string().meta({ description: 'The kind of thing.', examples: ['user'] }),
    id: z.string().meta({ description: 'The id of the thing.', examples: ['01980f3a-0000-7000-8000-000000000001'] }),
    name: z
      .string()
      .nullable()
      .meta({
        description: 'The present name of a user or an organization; null for anything else.',
        examples: ['Ann Lee'],
      }),
  })
  .meta({ id: 'AuditTarget', description: 'What an event was done to.' })

/** An event as the list has it. Names are read from the users and organizations of now: the log itself has none to erase. */
const listedAuditEvent = auditEvent
  .extend({
    actor: userSummary.nullable().describe('Who did it, with the present name; null for nobody who is signed in.'),
    target: target.describe('What it was done to.'),
  })
  .meta({ id: 'ListedAuditEvent', description: 'What somebody did, with names.' })
export type ListedAuditEvent = z.output<typeof listedAuditEvent>

const filters = z.strictObject({
  actorId: id.optional().describe('Only what this user did.'),
  action: text({ max: 100 })
    .optional()
    .meta({ description: 'Only this action.', examples: ['auth.login_succeeded'] }),
  targetType: text({ max: 100 })
    .optional()
    .meta({ description: 'Only things of this kind.', examples: ['session'] }),
  targetId: text({ max: 100 })
    .optional()
    .meta({ description: 'Only the thing with this id.', examples: ['01980f3a-0000-7000-8000-000000000001'] }),
  seq: queryInteger({ min: Number.MIN_SAFE_INTEGER })
    .optional()
    .meta({
      description: 'Only the event with this number. There are several only when a row was inserted.',
      examples: [42],
    }),
  from: dateTime.optional().describe('Only events from this moment on.'),
  to: dateTime.optional().describe('Only events before this moment.'),
})
export type AuditFilters = z.output<typeof filters>

const isRange = ({ from, to }: Pick<AuditFilters, 'from' | 'to'>) => !from || !to || from <= to
const invalidRange = { path: ['to'], ...rule('BEFORE', { field: 'from' }) }

export const auditQuery = filters
  .extend({
    cursor: cursorText,
    limit: pageSize(50),
  })
  .refine(isRange, invalidRange)
export type AuditQuery = z.output<typeof auditQuery>

export const auditEventsReply = pageReplyOf(
  z
    .object({ events: z.array(listedAuditEvent).describe('The events, the newest first.') })
    .meta({ id: 'AuditEventList', description: 'Items of the list.' }),
)

export const exportQuery = filters
  .extend({ format: z.enum(['ndjson', 'csv']).default('ndjson').describe('The form of the lines: JSON or CSV.') })
  .refine(isRange, invalidRange)
export type ExportFormat = z.output<typeof exportQuery>['format']

const signedHead = z
  .string()
  .max(200)
  .transform((given, ctx): SignedHead => {
    const head = parseHead(given)
    if (!head)
      ctx.addIssue(
        issueOf([], faultOf('INVALID_FORMAT', { example: exampleHead }, 'is not written as seq.hash.keyId.signature')),
      )
    return head ?? z.NEVER
  })

const chainHead = z
  .string()
  .refine(
    (given) => /^\d{1,15}\.[0-9a-f]{64}$/.test(given),
    rule('INVALID_CURSOR', {}, 'is not a nextCursor of a verification; begin again without it'),
  )
  .transform((given) => {
    const [seq = '', hash = ''] = given.split('.')
    return { seq: Number(seq), hash }
  })

export const verifyQuery = z.strictObject({
  head: listOf(signedHead)
    .optional()
    .meta({
      description: 'Signed heads from the audit worker’s log, each `seq.hash.keyId.signature`.',
      examples: [[exampleHead]],
    }),
  cursor: chainHead
    .optional()
    .describe('`nextCursor` of an earlier verification, which continues where that one ended.'),
})
export type VerifyQuery = z.output<typeof verifyQuery>

const run = z
  .object({
    fromSeq: z.int().describe('The number of the first event.'),
    toSeq: z.int().describe('The number of the last event.'),
    events: z
      .int()
      .describe('How many events of the run are meant; others lie between them when it is fewer than its length.'),
  })
  .meta({ id: 'AuditRun', description: 'A part of the chain.' })

export const verifyReply = replyOf(
  z.object({
    valid: z.boolean().meta({ description: 'Whether no fault was found.', examples: [true] }),
    complete: z.boolean().describe('False when the verification ended early; then `nextCursor` continues it.'),
    checked: z.int().describe('The number of events that were checked.'),
    erased: z.int().describe('Events whose personal part was erased.'),
    erasedRuns: z.array(run).describe('Where they are, in at most 500 runs.'),
    dropped: z.int().describe('Events that retention has dropped.'),
    droppedRuns: z.array(run).describe('Where they were: a run for each signed checkpoint.'),
    heads: z.int().describe('Number of signed heads with which the chain was compared.'),
    firstBrokenSeq: z.int().optional().describe('The number of the first faulty event.'),
    faults: z
      .array(
        z.object({
          kind: z
            .enum([
              'changed',
              'personal-changed',
              'personal-removed',
              'inserted',
              'unlinked',
              'unknown-key',
              'removed',
              'checkpoint-forged',
              'cut-off',
              'head-mismatch',
              'head-forged',
            ])
            .describe('What is wrong.'),
          seq: z.int().describe('The number of the event, or of the first one.'),
          toSeq: z.int().optional().describe('The number of the last one.'),
          eventId: z.string().optional().describe('The id of the event.'),
          keyId: z.string().optional().describe('The key that is not known.'),
        }),
      )
      .describe('The faults that were found.'),
    last: z
      .object({
        seq: z.int().describe('Its number.'),
        hash: z.string().meta({ description: 'Its hash.', examples: [exampleHash] }),
      })
      .describe('The last event that was checked.'),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Continues the verification; null when it is complete.', examples: [null] }),
  }),
)
export type Verification = z.output<typeof verifyReply>['data']

export const chainQuery = z.strictObject({
  head: listOf(signedHead)
    .optional()
    .meta({
      description: 'Signed heads to compare with the log, each `seq.hash.keyId.signature`.',
      examples: [[exampleHead]],
    }),
})
export type ChainQuery = z.output<typeof chainQuery>

const place = {
  seq: z.int().describe('The number of the event.'),
  hash: z.string().meta({ description: 'Its hash.', examples: [exampleHash] }),
}

const chainOverview = z
  .object({
    head: z.object({ ...place, at: instant.describe('When it was chained.') }).describe('The last event of the chain.'),
    pendingSeconds: z
      .number()
      .min(0)
      .meta({
        description: 'How long the oldest event waits to be chained, in seconds; 0 when none does.',
        examples: [0],
      }),
    lastVerification: lastVerification
      .nullable()
      .describe('What the newest verification found; null before the first one.'),
    months: z
      .array(
        z.object({
          month: z.string().meta({ description: 'The month, in UTC.', examples: ['2026-11'] }),
          fromSeq: z.int().describe('The number of its first event.'),
          toSeq: z.int().describe('The number of its last event.'),
        }),
      )
      .describe('The months of which there are events, the oldest first. Around midnight their numbers may overlap.'),
    dropped: z
      .array(
        z.object({
          fromSeq: z.int().describe('The number of the first event.'),
          toSeq: z.int().describe('The number of the last event.'),
          droppedAt: instant.describe('When it was dropped.'),
        }),
      )
      .describe('The runs that retention has dropped, as their checkpoints tell, the oldest first.'),
    announced: z
      .string()
      .nullable()
      .meta({
        description:
          'The newest signed head that the audit worker keeps in Redis; null when Redis is unavailable or has none.',
        examples: [exampleHead],
      }),
    compared: z
      .array(
        z.object({
          ...place,
          result: z.enum(['matches', 'forged', 'differs', 'cut-off']).meta({
            description:
              '`matches`: the log has this event. `forged`: no key of this installation signed the head. `differs`: the log has another event there. `cut-off`: the log ends before it.',
            examples: ['matches'],
          }),
        }),
      )
      .describe(
        'The heads of the request, in its order. Whether the events before them are whole is told by a verification.',
      ),
    unknown: z.array(z.enum(['announced'])).meta({ description: 'What could not be read now.', examples: [[]] }),
  })
  .meta({ id: 'AuditChain', description: 'What the audit log consists of.' })
export type ChainOverview = z.output<typeof chainOverview>
export const chainReply = replyOf(z.object({ chain: chainOverview }))
