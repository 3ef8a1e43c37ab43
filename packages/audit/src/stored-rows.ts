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

/** Says what is wrong with a row by itself; how it stands to its neighbours is another question. */
export function createJudge(ring: KeyRing): (row: StoredRow) => RowFault[] {
  const keys = new Map([...ring.keys.keys()].map((id) => [id, rowKey(ring, id)]))
  return (row) => judge(keys.get(row.keyId), row)
}

function judge(key: RowKey | undefined, row: StoredRow): RowFault[] {
  if (!key) return ['unknown-key']
  const record = { ...row, createdAtMicros: Number(row.createdAtMicros) }
  const isChanged = !rowHash(key, row.previousHash, record, row.personalDigest).equals(row.hash)
  const isPersonalChanged =
    row.salt !== null && !personalDigest(key, { ...row, salt: row.salt }).equals(row.personalDigest)
  return [...(isChanged ? (['changed'] as const) : []), ...(isPersonalChanged ? (['personal-changed'] as const) : [])]
}

/** With whom an event's personal fields go when they are erased: who did it, and to whom it was done. */
export const peopleOf = ({ actorId, targetType, targetId }: StoredRow): string[] => [
  ...(actorId === null ? [] : [actorId]),
  ...(targetType === 'user' ? [targetId] : []),
]

/** What tells of an erasure: the first comes before it, the second when all of the person is gone. */
const erasureActions = ['user.anonymisation_began', 'user.anonymised']

/** Of the people whom these rows concern and whose fields are gone, those whose erasure an event tells of, chained or soon. */
export async function readErasedPeople(db: Db, rows: readonly StoredRow[]): Promise<Set<string>> {
  const people = new Set(rows.filter(({ salt }) => salt === null).flatMap(peopleOf))
  if (people.size === 0) return people
  const told = sql`target_type = 'user' and action = any(${erasureActions}) and target_id = any(${[...people]})`
  const { rows: found } = await sql<{ target_id: string }>`
    select target_id from audit_events where ${told} union select target_id from audit_pending where ${told}`.execute(
    db,
  )
  return new Set(found.map(({ target_id }) => target_id))
}

/** The end of the chain as the database has it. */
export async function readHead(db: Db): Promise<ChainHead> {
  const head = await db.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirst()
  return { seq: head?.seq ?? 0, hash: (head?.hash ?? genesisHash).toString('hex') }
}

/**
 * Whether the chain still has this row with this hash, or let it go by its retention. A row in the midst of a dropped
 * run can't be asked any more and counts as there.
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

/** Whether a walk may begin behind this place: before the first row, a row with this hash, or the end of a dropped run. */
export async function isPlace(db: Db, { seq, hash }: ChainHead): Promise<boolean> {
  if (seq === 0) return hash === genesisHash.toString('hex')
  const { rows } = await sql<{ hash: Buffer }>`
    select hash from audit_events where seq = ${seq}
    union all
    select hash from audit_checkpoints where to_seq = ${seq}`.execute(db)
  return rows.some((row) => row.hash.toString('hex') === hash)
}

/** Checkpoints of runs that lie between two places of the chain, in order. */
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
  /** One partition alone; every one unless told otherwise. */
  partition?: string
}

/**
 * Every row behind a place, page by page in short statements, while the audit workers may go on appending.
 * @yields pages in order of the chain, none of them empty
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

/** Where the last page ended; null: behind every row of that number. */
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

/** The beginning of a statement that reads events, each with its personal part. @param events calls them `e` */
export const selectRows = (events: RawBuilder<unknown>) => sql`
  select e.seq, e.id, e.action, e.actor_id as "actorId", e.target_type as "targetType", e.target_id as "targetId",
    (extract(epoch from e.created_at) * 1000000)::bigint::text as "createdAtMicros", e.key_id as "keyId",
    e.personal_digest as "personalDigest", e.previous_hash as "previousHash", e.hash,
    p.salt, p.ip, p.user_agent as "userAgent", p.request_id as "requestId", p."beforeText", p."afterText"
  from ${events} left join lateral (
    -- The limit keeps it a look-up by row, however many rows there are.
    select *, before::text as "beforeText", after::text as "afterText" from audit_personal where event_id = e.id limit 1
  ) p on true`
