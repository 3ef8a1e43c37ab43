import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'

export type ExportRow = Record<string, unknown>
/** The end of a page: the values of the ordering columns, as text with the full precision of Postgres. */
export type Cursor = string[]
export type ExportPage = { rows: ExportRow[]; next: Cursor | undefined }

type Ordering = readonly (readonly [column: string, type: 'uuid' | 'timestamptz' | 'text' | 'bytea'])[]
type Selection = {
  columns: readonly string[]
  from: RawBuilder<unknown>
  where: RawBuilder<unknown>
  /** Columns by which an index orders the user's rows, the last one unique. */
  order: Ordering
}

const rowsPerPage = 500

/** Reads a page of rows after a cursor, with the column names in camelCase. */
export async function readPage(
  db: Db,
  { columns, from, where, order }: Selection,
  after: Cursor | undefined,
): Promise<ExportPage> {
  const ordered = sql.join(order.map(([column]) => sql.ref(column)))
  const reached = after && sql.join(order.map(([, type], index) => sql`${after[index]}::${sql.raw(type)}`))
  const { rows } = await sql<ExportRow & { cursor: Cursor }>`
    select ${sql.join(columns.map((column) => sql.ref(column)))},
      array[${sql.join(order.map(([column]) => sql`${sql.ref(column)}::text`))}] as cursor
    from ${from} where ${where} and ${reached ? sql`(${ordered}) > (${reached})` : sql`true`}
    order by ${ordered} limit ${rowsPerPage}`.execute(db)
  const next = rows.length === rowsPerPage ? rows.at(-1)?.cursor : undefined
  return { rows: rows.map(({ cursor: _, ...row }) => inCamelCase(row)), next }
}

/**
 * Reads a page of the audit events whose actor or target is the user. Leaves out the address, user agent and request id of
 * events whose actor is another user: these are personal data of that user.
 */
export async function readAuditPage(db: Db, userId: string, after: Cursor | undefined): Promise<ExportPage> {
  const afterSeq = Number(after?.[0] ?? 0)
  const { rows } = await sql<ExportRow & { seq: number }>`
    with page as (
      (select seq from audit_events where actor_id = ${userId} and seq > ${afterSeq} order by seq limit ${rowsPerPage})
      union
      (select seq from audit_events where target_type = 'user' and target_id = ${userId} and seq > ${afterSeq}
        order by seq limit ${rowsPerPage})
      order by seq limit ${rowsPerPage}
    )
    select seq, ${eventColumns(userId, 'personal')}
    from page join audit_events event using (seq) left join audit_personal personal on personal.event_id = event.id
    order by seq`.execute(db)
  const next = rows.length === rowsPerPage ? [String(rows.at(-1)?.seq)] : undefined
  return { rows: rows.map(({ seq: _, ...row }) => inCamelCase(row)), next }
}

/** Reads a page of the user's audit events that are not chained yet, as {@link readAuditPage} does. */
export async function readPendingAuditPage(db: Db, userId: string, after: Cursor | undefined): Promise<ExportPage> {
  const { rows } = await sql<ExportRow & { id: string }>`
    select event.id, ${eventColumns(userId, 'event')}
    from audit_pending event
    where (event.actor_id = ${userId} or (event.target_type = 'user' and event.target_id = ${userId}::text))
      and event.id > ${after?.[0] ?? '00000000-0000-0000-0000-000000000000'}::uuid
    order by event.id limit ${rowsPerPage}`.execute(db)
  const next = rows.length === rowsPerPage ? [String(rows.at(-1)?.id)] : undefined
  return { rows: rows.map(({ id: _, ...row }) => inCamelCase(row)), next }
}

function eventColumns(userId: string, personal: 'personal' | 'event') {
  const isOthers = sql`event.actor_id is not null and event.actor_id <> ${userId}::uuid`
  const column = (name: string) => sql.ref(`${personal}.${name}`)
  const ownOnly = (name: string) => sql`case when ${isOthers} then null else ${column(name)} end as ${sql.ref(name)}`
  return sql`event.action, event.actor_id, event.target_type, event.target_id, event.created_at,
    ${ownOnly('ip')}, ${ownOnly('user_agent')}, ${ownOnly('request_id')}, ${column('before')}, ${column('after')}`
}

const inCamelCase = (row: ExportRow): ExportRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  )
