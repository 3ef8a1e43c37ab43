import { genesisHash, personalDigest, rowHash, rowKey } from '@muster/audit'
import { type Db, newId } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import type { TestApp } from '../../../testing/test-app.ts'

export const eventsUrl = '/api/v1/admin/audit-events'

type Event = {
  action?: string
  actorId?: string | null
  targetType?: string
  targetId?: string
  createdAt?: Date
  ip?: string | null
  userAgent?: string | null
}

/** Appends valid events to the chain, as the audit worker does. @returns their ids */
export async function chainEvents(
  api: Pick<TestApp, 'db' | 'deps'>,
  count: number,
  event: Event = {},
): Promise<string[]> {
  const key = rowKey(api.deps.config.keys.audit)
  if (!key) throw new Error('the test has audit keys')
  const {
    action = 'task.created',
    actorId = null,
    targetType = 'task',
    createdAt = new Date(),
    ip = '192.0.2.7',
  } = event
  return api.db.transaction().execute(async (trx) => {
    const head = await trx.selectFrom('audit_chain_head').select(['seq', 'hash']).forUpdate().executeTakeFirstOrThrow()
    await sql`select audit_ensure_partition(${createdAt})`.execute(trx)
    let previous = head.seq === 0 ? genesisHash : head.hash
    const rows = Array.from({ length: count }, (_, index) => {
      const record = {
        seq: head.seq + index + 1,
        id: newId(),
        action,
        actorId,
        targetType,
        targetId: event.targetId ?? String(index),
      }
      const salt = Buffer.alloc(16, index)
      const own = { salt, ip, userAgent: event.userAgent ?? null, requestId: null, beforeText: null, afterText: null }
      const digest = personalDigest(key, own)
      const link = previous
      previous = rowHash(key, link, { ...record, createdAtMicros: createdAt.getTime() * 1_000 }, digest)
      return { record, own, digest, link, hash: previous }
    })
    await trx
      .insertInto('audit_events')
      .values(
        rows.map(({ record, digest, link, hash }) => ({
          seq: record.seq,
          id: record.id,
          action,
          actor_id: actorId,
          target_type: targetType,
          target_id: record.targetId,
          created_at: createdAt,
          personal_digest: digest,
          key_id: key.id,
          previous_hash: link,
          hash,
        })),
      )
      .execute()
    await trx
      .insertInto('audit_personal')
      .values(rows.map(({ record, own }) => ({ event_id: record.id, salt: own.salt, ip, user_agent: own.userAgent })))
      .execute()
    await trx
      .updateTable('audit_chain_head')
      .set({ seq: head.seq + count, hash: previous })
      .execute()
    return rows.map(({ record }) => record.id)
  })
}

/** Runs a statement without triggers, as an attacker with superuser rights can. */
export async function tamper(db: Db, statement: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select set_config('session_replication_role', 'replica', true)`.execute(trx)
    await sql.raw(statement).execute(trx)
  })
}

/** Appends the event that a verification leaves, with what it found. */
export async function recordVerification(
  api: Pick<TestApp, 'db' | 'deps'>,
  after: object,
  createdAt = new Date(),
): Promise<void> {
  const event = { action: 'audit.verified', targetType: 'audit-log', targetId: 'chain', createdAt }
  const [id] = await chainEvents(api, 1, event)
  await tamper(api.db, `update audit_personal set after = '${JSON.stringify(after)}' where event_id = '${id}'`)
}

/** Moves the pending events into the log, as the audit worker does, but without the hashes of a chain, which no list reads. */
export async function logPendingEvents({ db }: Pick<TestApp, 'db'>): Promise<void> {
  await sql`
    select audit_ensure_partition(created_at) from (select distinct date_trunc('month', created_at) as created_at from audit_pending) month
  `.execute(db)
  await sql`
    with moved as (delete from audit_pending returning *),
    logged as (
      insert into audit_events (seq, id, action, actor_id, target_type, target_id, created_at, personal_digest, key_id, previous_hash, hash)
      select (select coalesce(max(seq), 0) from audit_events) + row_number() over (order by created_at, id),
        id, action, actor_id, target_type, target_id, created_at, '', 'k1', '', ''
      from moved
    )
    insert into audit_personal (event_id, salt, ip, user_agent, request_id, before, after)
    select id, '', ip, user_agent, request_id, before, after from moved`.execute(db)
}

/** Expressions of SQL about the number `n` of an event. */
type Filling = Record<'action' | 'targetType' | 'targetId' | 'after', RawBuilder<unknown>>

const eventsPerStatement = 5_000

/** Fills the log with events numbered from 1, spread over three months of 2026, without the hashes of a chain. */
export async function fillLog(db: Db, count: number, { action, targetType, targetId, after }: Filling): Promise<void> {
  for (const month of ['2026-01-15', '2026-02-15', '2026-03-15'])
    await sql`select audit_ensure_partition(${month}::timestamptz)`.execute(db)
  for (let from = 1; from <= count; from += eventsPerStatement)
    await sql`
      with made as (
        insert into audit_events (seq, id, action, actor_id, target_type, target_id, created_at, personal_digest, key_id, previous_hash, hash)
        select n, gen_random_uuid(), ${action}, gen_random_uuid(), ${targetType}, ${targetId},
          '2026-01-01'::timestamptz + n * interval '89 days' / ${count}::int, '', 'k1', '', ''
        from generate_series(${from}::int, ${Math.min(count, from + eventsPerStatement - 1)}::int) n
        returning id
      )
      insert into audit_personal (event_id, salt, after) select id, '', ${after} from made`.execute(db)
  await sql`analyze audit_events, audit_personal`.execute(db)
}
