import type { Db } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { type RawBuilder, sql } from 'kysely'
import {
  type AuditPersonal,
  type AuditRecord,
  genesisHash,
  personalDigest,
  type RowKey,
  rowHash,
  rowKey,
} from './chain.ts'
import type { SignedCheckpoint } from './checkpoint.ts'
import type { ChainHead } from './signed-head.ts'

export type StoredRow = Omit<AuditRecord, 'createdAtMicros'> &
  Omit<AuditPersonal, 'salt'> & {
    createdAtMicros: string
    keyId: string
    personalDigest: Buffer
    previousHash: Buffer
    hash: Buffer
    salt: Buffer | null
  }

export type RowFault = 'changed' | 'personal-changed' | 'unknown-key'

/** Creates a check that verifies a row on its own, without its links to other rows. */
export function createRowCheck(ring: KeyRing): (row: StoredRow) => RowFault[] {
  const keys = new Map([...ring.keys.keys()].map((id) => [id, rowKey(ring, id)]))
  return (row) => checkRow(keys.get(row.keyId), row)
}

function checkRow(key: RowKey | undefined, row: StoredRow): RowFault[] {
  if (!key) return ['unknown-key']
  const record = { ...row, createdAtMicros: Number(row.createdAtMicros) }
  const isChanged = !rowHash(key, row.previousHash, record, row.personalDigest).equals(row.hash)
  const isPersonalChanged =
    row.salt !== null && !personalDigest(key, { ...row, salt: row.salt }).equals(row.personalDigest)
  return [...(isChanged ? (['changed'] as const) : []), ...(isPersonalChanged ? (['personal-changed'] as const) : [])]
}

/** Lists the users whose erasure also erases the event's personal fields: its actor and, if a user, its target. */
export const usersOf = ({ actorId, targetType, targetId }: StoredRow): string[] => [
  ...(actorId === null ? [] : [actorId]),
  ...(targetType === 'user' ? [targetId] : []),
]

/** The events of an erasure: the first is written before it, the second after all of the user's data is erased. */
const erasureActions = ['user.anonymisation_began', 'user.anonymised']

/** Finds the users of rows without personal fields for whom an event, chained or still pending, records the erasure. */
export async function readErasedUsers(db: Db, rows: readonly StoredRow[]): Promise<Set<string>> {
  const users = new Set(rows.filter(({ salt }) => salt === null).flatMap(usersOf))
  if (users.size === 0) return users
  const told = sql`target_type = 'user' and action = any(${erasureActions}) and target_id = any(${[...users]})`
  const { rows: found } = await sql<{ target_id: string }>`
    select target_id from audit_events where ${told} union select target_id from audit_pending where ${told}`.execute(
    db,
  )
  return new Set(found.map(({ target_id }) => target_id))
}

/** Reads the end of the chain from the database. */
export async function readHead(db: Db): Promise<ChainHead> {
  const head = await db.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirst()
  return { seq: head?.seq ?? 0, hash: (head?.hash ?? genesisHash).toString('hex') }
}

/**
 * Tests whether the chain contains the head's row with its hash, or retention dropped the row. The hash of a row in the middle of a
 * dropped run is no longer known and counts as equal.
 */
export async function holdsHead(db: Db, { seq, hash }: ChainHead): Promise<boolean> {
  if (seq === 0) return true
  const { rows } = await sql<{ hash: Buffer | null }>`
    select hash from audit_events where seq = ${seq}
    union all
    select case when to_seq = ${seq} then hash end from audit_checkpoints where ${seq} between from_seq and to_seq`.execute(
    db,
  )
  return rows.some((row) => row.hash === null || row.hash.toString('hex') === hash)
}

/** Tests whether verification can begin after this position: the beginning, a row with this hash, or the end of a dropped run. */
export async function isPlace(db: Db, { seq, hash }: ChainHead): Promise<boolean> {
  if (seq === 0) return hash === genesisHash.toString('hex')
  const { rows } = await sql<{ hash: Buffer }>`
    select hash from audit_events where seq = ${seq}
    union all
    select hash from audit_checkpoints where to_seq = ${seq}`.execute(db)
  return rows.some((row) => row.hash.toString('hex') === hash)
}

/** Reads the checkpoints of runs between two positions of the chain, in order. */
export async function readCheckpoints(db: Db, afterSeq: number, beforeSeq: number): Promise<SignedCheckpoint[]> {
  const rows = await db
    .selectFrom('audit_checkpoints')
    .select(['from_seq', 'to_seq', 'previous_hash', 'hash', 'key_id', 'signature'])
    .where('from_seq', '>', afterSeq)
    .where('to_seq', '<', beforeSeq)
    .orderBy('from_seq')
    .execute()
  return rows.map((row) => ({
    fromSeq: row.from_seq,
    toSeq: row.to_seq,
    previousHash: row.previous_hash,
    hash: row.hash,
    keyId: row.key_id,
    signature: row.signature,
  }))
}

type PageOptions = {
  afterSeq: number
  pageSize: number
  /** The only partition to read; defaults to all. */
  partition?: string
}

/**
 * Reads every row after a position page by page, in short statements, while audit workers may append.
 * @yields pages in the order of the chain, none of them empty
 */
export async function* readPages(db: Db, { afterSeq, pageSize, partition }: PageOptions): AsyncGenerator<StoredRow[]> {
  let cursor: Cursor = { seq: afterSeq, createdAtMicros: null }
  for (;;) {
    const rows = await readPage(db, partition ?? 'audit_events', cursor, pageSize)
    const last = rows.at(-1)
    if (!last) return
    yield rows
    if (rows.length < pageSize) return
    cursor = { seq: last.seq, createdAtMicros: last.createdAtMicros }
  }
}

/** The end of the last page. Without a time, the next page begins after all rows of that sequence number. */
type Cursor = { seq: number; createdAtMicros: string | null }

async function readPage(db: Db, table: string, cursor: Cursor, pageSize: number): Promise<StoredRow[]> {
  const { rows } = await sql<StoredRow>`
    ${selectRows(sql`${sql.table(table)} e`)}
    where (e.seq, e.created_at) > (${cursor.seq}::bigint,
      coalesce('epoch'::timestamptz + ${cursor.createdAtMicros}::bigint * interval '1 microsecond', 'infinity'))
    order by e.seq, e.created_at
    limit ${pageSize}`.execute(db)
  return rows
}

/** Builds the beginning of a statement that reads events with their personal part. @param events a source with the alias `e` */
export const selectRows = (events: RawBuilder<unknown>) => sql`
  select e.seq, e.id, e.action, e.actor_id as "actorId", e.target_type as "targetType", e.target_id as "targetId",
    (extract(epoch from e.created_at) * 1000000)::bigint::text as "createdAtMicros", e.key_id as "keyId",
    e.personal_digest as "personalDigest", e.previous_hash as "previousHash", e.hash,
    p.salt, p.ip, p.user_agent as "userAgent", p.request_id as "requestId", p."beforeText", p."afterText"
  from ${events} left join lateral (
    -- The limit makes Postgres look up each row by index, regardless of its estimates.
    select *, before::text as "beforeText", after::text as "afterText" from audit_personal where event_id = e.id limit 1
  ) p on true`
