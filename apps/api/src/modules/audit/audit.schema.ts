import { parseHead, type SignedHead } from '@muster/audit'
import { faultOf } from '@muster/errors'
import { z } from 'zod'
import { cursorText } from '../../http/cursor.ts'
import { issueOf, rule } from '../../http/errors/details-of-issues.ts'
import { dateTime, id, listOf, queryInteger, text } from '../../http/fields.ts'
import { instant, pageReplyOf, replyOf } from '../../http/reply.ts'

export const auditEvent = z
  .object({
    id: z.uuid(),
    seq: z.int(),
    action: z.string(),
    actorId: z.uuid().nullable(),
    targetType: z.string(),
    targetId: z.string(),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    requestId: z.string().nullable(),
    before: z.unknown(),
    after: z.unknown(),
    createdAt: instant,
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' })
export type AuditEventView = z.output<typeof auditEvent>

const filters = z.strictObject({
  actorId: id.optional(),
  action: text({ max: 100 }).optional(),
  targetType: text({ max: 100 }).optional(),
  targetId: text({ max: 100 }).optional(),
  from: dateTime.optional(),
  /** Exclusive. */
  to: dateTime.optional(),
})
export type AuditFilters = z.output<typeof filters>

const isRange = ({ from, to }: Pick<AuditFilters, 'from' | 'to'>) => !from || !to || from <= to
const invalidRange = { path: ['to'], ...rule('BEFORE', { field: 'from' }) }

export const auditQuery = filters
  .extend({
    cursor: cursorText,
    limit: queryInteger({ min: 1, max: 100 }).default(50),
  })
  .refine(isRange, invalidRange)
export type AuditQuery = z.output<typeof auditQuery>

export const auditEventsReply = pageReplyOf(z.object({ events: z.array(auditEvent) }))

export const exportQuery = filters
  .extend({ format: z.enum(['ndjson', 'csv']).default('ndjson') })
  .refine(isRange, invalidRange)
export type ExportFormat = z.output<typeof exportQuery>['format']

const signedHead = z
  .string()
  .max(200)
  .transform((given, ctx): SignedHead => {
    const head = parseHead(given)
    if (!head) ctx.addIssue(issueOf([], faultOf('INVALID_FORMAT', {}, 'is not written as seq.hash.keyId.signature')))
    return head ?? z.NEVER
  })

const chainHead = z
  .string()
  .refine((given) => /^\d{1,15}\.[0-9a-f]{64}$/.test(given), rule('INVALID_CURSOR', { list: 'a verification' }))
  .transform((given) => {
    const [seq = '', hash = ''] = given.split('.')
    return { seq: Number(seq), hash }
  })

export const verifyQuery = z.strictObject({
  /** Signed heads from the audit worker's log, each `seq.hash.keyId.signature`. */
  head: listOf(signedHead).optional(),
  /** `nextCursor` of an earlier verification, which continues where that one ended. */
  cursor: chainHead.optional(),
})
export type VerifyQuery = z.output<typeof verifyQuery>

export const verifyReply = replyOf(
  z.object({
    valid: z.boolean(),
    /** False when the verification ended early; then `nextCursor` continues it. */
    complete: z.boolean(),
    checked: z.int(),
    /** Rows whose personal part was erased. */
    erased: z.int(),
    /** Rows that retention has dropped. */
    dropped: z.int(),
    /** Number of signed heads with which the chain was compared. */
    heads: z.int(),
    firstBrokenSeq: z.int().optional(),
    faults: z.array(
      z.object({
        kind: z.enum([
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
        ]),
        seq: z.int(),
        toSeq: z.int().optional(),
        eventId: z.string().optional(),
        keyId: z.string().optional(),
      }),
    ),
    last: z.object({ seq: z.int(), hash: z.string() }),
    nextCursor: z.string().nullable(),
  }),
)
export type Verification = z.output<typeof verifyReply>['data']
