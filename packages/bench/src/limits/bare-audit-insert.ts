import { randomBytes, randomUUID } from 'node:crypto'
import { newId } from '@muster/db'
import pg from 'pg'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

export type AuditSample = { count: number }
export type InsertedAnswer = { elapsedMs: number }

const batchSize = 1_000
const db = new pg.Client({ connectionString: setting('DATABASE_URL') })
await db.connect()
await db.query(`
  create table if not exists bare_events (like audit_events including indexes);
  create table if not exists bare_personal (like audit_personal including indexes)`)

const text = `
  with given as (
    select * from unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[], $7::bytea[], $8::bytea[],
      $9::bytea[]) as given (seq, id, actor_id, target_id, request_id, after, salt, digest, hash)
  ), personal as (
    insert into bare_personal (event_id, salt, ip, user_agent, request_id, after)
    select id, salt, '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', request_id, after
    from given
  )
  insert into bare_events (seq, id, action, actor_id, target_type, target_id, created_at, personal_digest, key_id,
    previous_hash, hash)
  select seq, id, 'task.created', actor_id, 'task', target_id, clock_timestamp(), digest, 'k1', hash, hash from given`

let seq = 0

/**
 * Inserts as many rows of the same shape into tables with the same indexes, a thousand per statement, on one
 * connection. The time to generate the rows does not count.
 */
answer<AuditSample, InsertedAnswer>(async ({ count }) => {
  let elapsedMs = 0
  for (let done = 0; done < count; done += batchSize) {
    const values = columnsOf(Math.min(batchSize, count - done))
    const startMs = performance.now()
    await db.query({ name: 'insert', text, values })
    elapsedMs += performance.now() - startMs
  }
  return { elapsedMs }
})

function columnsOf(rows: number): unknown[] {
  const each = <T>(make: () => T) => Array.from({ length: rows }, make)
  const uuids = () => each(() => randomUUID())
  const hashes = () => each(() => randomBytes(32))
  const after = () =>
    JSON.stringify({
      id: randomUUID(),
      title: 'Paint the bench',
      dueDate: '2031-05-01T08:00:00.000Z',
      priority: 'high',
      status: 'todo',
      version: 1,
      ownerId: randomUUID(),
      description: null,
    })
  const seqs = each(() => ++seq)
  const salts = each(() => randomBytes(16))
  return [seqs, each(newId), uuids(), uuids(), uuids(), each(after), salts, hashes(), hashes()]
}
