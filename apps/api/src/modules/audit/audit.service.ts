import { type ChainReport, readAnnouncedHeads, UnknownChainPlaceError, verifyChain } from '@muster/audit'
import { DomainError, detailOf } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { type AuditPosition, auditCursors } from '../../sql/audit-position.ts'
import { type AuditRow, listAuditEvents } from './audit.queries.ts'
import type {
  AuditEventView,
  AuditFilters,
  AuditQuery,
  ExportFormat,
  Verification,
  VerifyQuery,
} from './audit.schema.ts'
import { csvHead, csvLine, ndjsonLine } from './export-lines.ts'
import { nameEvents } from './name-events.ts'

type Requester = { actor: Actor; origin: Origin }

const exportPageSize = 500
/** Small, so that concurrent requests are not delayed. */
const verifyPageSize = 250
const verifyBudgetMs = 20_000

/** Lists a page of the log with names, the newest first. @throws DomainError VALIDATION_FAILED for an invalid cursor */
export async function listEvents(reads: Reads, { cursor, limit, ...filters }: AuditQuery) {
  const after = cursor === undefined ? undefined : auditCursors.decode(cursor)
  return reads.read(async (db) => {
    const rows = await listAuditEvents(db, filters, { order: 'newest-first', after, limit: limit + 1 })
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    const nextCursor = last && rows.length > limit ? auditCursors.encode(positionOf(last)) : null
    return { events: await nameEvents(db, shown.map(toView)), pagination: cursorPage({ limit, nextCursor }) }
  }, 'bySession')
}

/**
 * Records the export in the log, then returns the log as text, the oldest first, one chunk a page. Only the page that is
 * being sent is held in memory; the next is read when the consumer has taken it.
 */
export async function exportEvents(
  { reads, transact, clock }: { reads: Reads } & Pick<Deps, 'transact' | 'clock'>,
  { actor, origin }: Requester,
  { format, ...filters }: AuditFilters & { format: ExportFormat },
): Promise<AsyncGenerator<string>> {
  // Later events are left out: the export might never reach the end of a growing log.
  const until = filters.to ?? clock.now().toISOString()
  const event = { action: 'audit.exported', actorId: actor.userId, targetType: 'audit-log', targetId: format }
  await transact(async ({ audit }) => audit({ ...event, after: { format, ...filters, to: until }, context: origin }))
  return writePages(reads, { ...filters, to: until }, format)
}

async function* writePages(reads: Reads, filters: AuditFilters, format: ExportFormat): AsyncGenerator<string> {
  const toLine = format === 'csv' ? csvLine : ndjsonLine
  if (format === 'csv') yield csvHead
  for (let after: AuditPosition | undefined; ; ) {
    const page = { order: 'oldest-first', after, limit: exportPageSize } as const
    const rows = await reads.read((db) => listAuditEvents(db, filters, page), 'bySession')
    if (rows.length > 0) yield rows.map((row) => toLine(toView(row))).join('')
    const last = rows.at(-1)
    if (!last || rows.length < exportPageSize) return
    after = positionOf(last)
  }
}

/**
 * Verifies the chain from its beginning, or from the cursor of an earlier call, for at most 20 seconds. Compares it with the
 * database's own head, the signed heads that the audit worker keeps in Redis, and those that the caller sends. Records the
 * verification in the log.
 * @param isGone tells whether the client has closed the connection; checked between pages
 * @throws DomainError VALIDATION_FAILED for a cursor that names no event of the chain
 */
export async function verifyLog(
  { db, redis, config, transact }: Pick<Deps, 'db' | 'redis' | 'config' | 'transact'>,
  { actor, origin }: Requester,
  { head: given = [], cursor }: VerifyQuery,
  isGone: () => boolean,
): Promise<Verification> {
  const heads = [...(await redis.attempt(readAnnouncedHeads, [])), ...given]
  const untilMs = performance.now() + verifyBudgetMs
  const report = await verifyChain(db, config.keys.audit, {
    heads,
    ...(cursor && { after: cursor }),
    pageSize: verifyPageSize,
    isEnough: () => performance.now() > untilMs || isGone(),
  }).catch((error: unknown) => {
    throw error instanceof UnknownChainPlaceError ? unknownCursor(error) : error
  })
  const verification = toVerification(report, heads.length)
  const { valid, complete, checked, firstBrokenSeq = null } = verification
  const event = { action: 'audit.verified', actorId: actor.userId, targetType: 'audit-log', targetId: 'chain' }
  const after = { valid, complete, checked, fromSeq: cursor?.seq ?? 0, toSeq: report.last.seq, firstBrokenSeq }
  await transact(async ({ audit }) => audit({ ...event, after, context: origin }))
  return verification
}

const unknownCursor = (cause: Error) =>
  new DomainError('VALIDATION_FAILED', {
    details: [detailOf('query.cursor', 'INVALID_CURSOR', {}, 'names no event of the log: verify from the beginning')],
    cause,
  })

function toVerification({ ok, isComplete, faults, last, ...counts }: ChainReport, heads: number): Verification {
  const firstBrokenSeq = faults.length > 0 ? Math.min(...faults.map(({ seq }) => seq)) : undefined
  return {
    valid: ok,
    complete: isComplete,
    checked: counts.checkedRows,
    erased: counts.erasedRows,
    erasedRuns: counts.erasedRuns,
    dropped: counts.droppedRows,
    droppedRuns: counts.droppedRuns,
    heads,
    ...(firstBrokenSeq !== undefined && { firstBrokenSeq }),
    faults,
    last,
    nextCursor: isComplete ? null : `${last.seq}.${last.hash}`,
  }
}

const positionOf = ({ created_at_micros: micros, seq }: AuditRow): AuditPosition => ({ micros, seq })

const toView = (row: AuditRow): AuditEventView => ({
  id: row.id,
  seq: row.seq,
  action: row.action,
  actorId: row.actor_id,
  targetType: row.target_type,
  targetId: row.target_id,
  ip: row.ip,
  userAgent: row.user_agent,
  requestId: row.request_id,
  before: row.before,
  after: row.after,
  createdAt: row.created_at.toISOString(),
  hash: row.hash.toString('hex'),
})
