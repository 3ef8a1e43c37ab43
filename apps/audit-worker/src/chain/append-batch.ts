import { randomBytes } from 'node:crypto'
import {
  type AuditPersonal,
  type AuditRecord,
  type ChainHead,
  personalDigest,
  rowHash,
  rowKey,
  saltBytes,
} from '@muster/audit'
import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

type PendingRow = Omit<AuditRecord, 'seq' | 'createdAtMicros'> &
  Omit<AuditPersonal, 'salt'> & { createdAtMicros: string; month: string }

type ChainedRow = { id: string; seq: number; salt: Buffer; digest: Buffer; previous: Buffer; hash: Buffer }

/** Postgres refused a row of the batch; all its events are still pending. */
export class BatchRefused extends Error {
  /** The events of the batch, in order. */
  readonly eventIds: readonly string[]

  constructor(eventIds: readonly string[], cause: unknown) {
    super('audit events not chained, postgres refused a row', { cause })
    this.name = 'BatchRefused'
    this.eventIds = eventIds
  }
}

/** Postgres ends the transaction of a frozen worker after this time, so that other workers can lock the head. */
const maxIdleInBatchMs = 10_000

/**
 * Moves the oldest `limit` pending events to the end of the chain in one transaction, so that a crash loses and repeats
 * nothing. Locks the head's row, so that only one audit worker appends at a time and the chain cannot fork.
 * @param skip ids that stay pending
 * @returns how many events it moved
 * @throws BatchRefused when Postgres refuses a row of the batch
 */
export async function appendBatch(
  { db, keys }: Pick<Deps, 'db' | 'keys'>,
  { limit, skip }: { limit: number; skip: ReadonlySet<string> },
): Promise<number> {
  const key = rowKey(keys)
  if (!key) throw new Error(`AUDIT_KEYS has no key "${keys.currentId}"`)
  return db.transaction().execute(async (trx) => {
    const head = await lockHead(trx)
    const pending = await readPending(trx, limit, skip)
    if (pending.length === 0) return 0
    try {
      const salts = randomBytes(pending.length * saltBytes)
      let previous = head.hash
      const chained = pending.map((row, index): ChainedRow => {
        const seq = head.seq + index + 1
        const salt = salts.subarray(index * saltBytes, (index + 1) * saltBytes)
        const digest = personalDigest(key, { ...row, salt })
        const link = previous
        previous = rowHash(key, link, { ...row, seq, createdAtMicros: Number(row.createdAtMicros) }, digest)
        return { id: row.id, seq, salt, digest, previous: link, hash: previous }
      })
      await ensurePartitions(trx, pending)
      await moveRows(trx, key.id, chained)
      return pending.length
    } catch (error) {
      if (!isInvalidRow(error)) throw error
      const eventIds = pending.map(({ id }) => id)
      throw new BatchRefused(eventIds, error)
    }
  })
}

/** SQLSTATE class 22 (data exception) or 23 (integrity violation): a row is invalid, so a retry of the same batch cannot succeed. */
function isInvalidRow(error: unknown): boolean {
  return error instanceof Error && /^2[23]/.test(String((error as { code?: unknown }).code))
}

/** Creates the partitions of this month and the next ahead of time. */
export async function prepareMonths({ db }: Pick<Deps, 'db'>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockHead(trx)
    await sql`select audit_ensure_partition(now()), audit_ensure_partition(now() + interval '1 month')`.execute(trx)
  })
}

/** Reads the head of the chain; the head of an empty chain has seq 0. */
export async function readHead(db: Db): Promise<ChainHead> {
  const head = await db.selectFrom('audit_chain_head').select(['seq', 'hash']).executeTakeFirstOrThrow()
  return { seq: head.seq, hash: head.hash.toString('hex') }
}

/**
 * Locks the head until the transaction ends, so that no other transaction appends to the chain. `audit_pending` is empty whenever it is
 * vacuumed, so that Postgres takes a batch for one row and would compare each of its ids with each: the transaction forgoes such joins.
 * @returns the head
 */
export async function lockHead(trx: Trx): Promise<{ seq: number; hash: Buffer }> {
  const { rows } = await sql<{ seq: number; hash: Buffer }>`
    select seq, hash, set_config('idle_in_transaction_session_timeout', ${String(maxIdleInBatchMs)}, true),
      set_config('enable_nestloop', 'off', true)
    from audit_chain_head for update`.execute(trx)
  const [head] = rows
  if (!head) throw new Error('audit_chain_head has no row: verify the chain before you restore it')
  return head
}

async function readPending(trx: Trx, limit: number, skip: ReadonlySet<string>): Promise<PendingRow[]> {
  const { rows } = await sql<PendingRow>`
    select id, action, actor_id as "actorId", target_type as "targetType", target_id as "targetId",
      ip, user_agent as "userAgent", request_id as "requestId", before::text as "beforeText", after::text as "afterText",
      trunc(extract(epoch from created_at) * 1000000)::text as "createdAtMicros",
      to_char(created_at at time zone 'UTC', 'YYYY-MM') as month
    from audit_pending
    where id <> all(${[...skip]}::uuid[])
    order by id limit ${limit}`.execute(trx)
  return rows
}

/** Creates the missing partitions of the events' months. */
async function ensurePartitions(trx: Trx, pending: readonly PendingRow[]): Promise<void> {
  const months = new Map(pending.map(({ month, createdAtMicros }) => [month, createdAtMicros]))
  for (const micros of months.values()) {
    await sql`select audit_ensure_partition('epoch'::timestamptz + ${micros}::bigint * interval '1 microsecond')`.execute(
      trx,
    )
  }
}

/**
 * Moves the rows in one statement. Only ids, positions, salts and hashes are sent; the rows themselves stay in Postgres. The ids are in
 * order, and the condition on their range keeps Postgres from reading more of a long backlog than the batch.
 */
async function moveRows(trx: Trx, keyId: string, chained: readonly ChainedRow[]): Promise<void> {
  const last = chained.at(-1)
  const { rows } = await sql<{ moved: number }>`
    with link as (
      select * from unnest(
        ${chained.map(({ id }) => id)}::uuid[], ${chained.map(({ seq }) => seq)}::bigint[],
        ${chained.map(({ salt }) => salt)}::bytea[], ${chained.map(({ digest }) => digest)}::bytea[],
        ${chained.map(({ previous }) => previous)}::bytea[], ${chained.map(({ hash }) => hash)}::bytea[]
      ) as link (id, seq, salt, digest, previous_hash, hash)
    ), moved as (
      delete from audit_pending using link
      where audit_pending.id = link.id and audit_pending.id between ${chained[0]?.id}::uuid and ${last?.id}::uuid
      returning audit_pending.*, link.seq, link.salt, link.digest, link.previous_hash, link.hash
    ), events as (
      insert into audit_events (seq, id, action, actor_id, target_type, target_id, created_at,
        personal_digest, key_id, previous_hash, hash)
      select seq, id, action, actor_id, target_type, target_id, created_at, digest, ${keyId}, previous_hash, hash
      from moved order by seq
    ), personal as (
      insert into audit_personal (event_id, salt, ip, user_agent, request_id, before, after)
      select id, salt, ip, user_agent, request_id, before, after from moved order by seq
    ), head as (
      update audit_chain_head set seq = ${last?.seq}, hash = ${last?.hash}, updated_at = clock_timestamp()
    )
    select count(*) as moved from moved`.execute(trx)
  if (rows[0]?.moved !== chained.length)
    throw new Error('audit events not chained, an event of the batch is not pending any more')
}
