import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { type AuditPosition, eventMicros, isBeyond, unestimated } from '../../sql/audit-position.ts'
import type { AuditFilters } from './audit.schema.ts'

export type AuditRow = {
  id: string
  seq: number
  action: string
  actor_id: string | null
  target_type: string
  target_id: string
  created_at: Date
  created_at_micros: number
  hash: Buffer
  ip: string | null
  user_agent: string | null
  request_id: string | null
  before: unknown
  after: unknown
}

type Page = {
  order: 'newest-first' | 'oldest-first'
  /** The last event of the previous page. */
  after?: AuditPosition | undefined
  limit: number
}

/** Lists a page of the log. */
export async function listAuditEvents(db: Db, filters: AuditFilters, page: Page): Promise<AuditRow[]> {
  return (await auditPage(filters, page).execute(db)).rows
}

/**
 * Builds the statement of a page. Every filter has an index ordered by time, so the cost of a page does not grow with the
 * log: of several filters Postgres uses the index of the rarest and checks the others row by row.
 */
export function auditPage(filters: AuditFilters, page: Page): RawBuilder<AuditRow> {
  const order = page.order === 'newest-first' ? sql`desc` : sql`asc`
  // The inner limit makes Postgres look the personal part up row by row, regardless of its estimates.
  return sql<AuditRow>`
    select event.id, event.seq, event.action, event.actor_id, event.target_type, event.target_id, event.created_at,
      ${eventMicros} as created_at_micros, event.hash,
      personal.ip, personal.user_agent, personal.request_id, personal.before, personal.after
    from audit_events event
    left join lateral (select * from audit_personal where event_id = event.id limit 1) personal on true
    where ${sql.join(conditionsOf(filters, page), sql` and `)}
    order by event.created_at ${order}, event.seq ${order}
    limit ${page.limit}`
}

function conditionsOf({ actorId, action, targetType, targetId, seq, from, to }: AuditFilters, { order, after }: Page) {
  const conditions: RawBuilder<unknown>[] = [sql`true`]
  if (actorId !== undefined) conditions.push(sql`event.actor_id = ${actorId}`)
  if (action !== undefined) conditions.push(sql`event.action = ${action}`)
  if (targetId !== undefined) conditions.push(sql`event.target_id = ${targetId}`)
  if (targetType !== undefined) {
    const isOfType = sql`event.target_type = ${targetType}`
    // The type follows from the id, but Postgres estimates the two as independent.
    conditions.push(targetId === undefined ? isOfType : unestimated(isOfType))
  }
  if (seq !== undefined) conditions.push(sql`event.seq = ${seq}`)
  if (from !== undefined) conditions.push(sql`event.created_at >= ${new Date(from)}`)
  if (to !== undefined) conditions.push(sql`event.created_at < ${new Date(to)}`)
  if (after !== undefined) conditions.push(isBeyond(after, order))
  return conditions
}

/** Reads when the last event was chained. */
export async function readChainedAt(db: Db): Promise<Date> {
  const row = await db.selectFrom('audit_chain_head').select('updated_at').executeTakeFirstOrThrow()
  return row.updated_at
}

export type DroppedRun = { from_seq: number; to_seq: number; created_at: Date }

/** Lists the runs that retention has dropped, the oldest first. */
export function listDroppedRuns(db: Db): Promise<DroppedRun[]> {
  return db.selectFrom('audit_checkpoints').select(['from_seq', 'to_seq', 'created_at']).orderBy('from_seq').execute()
}
