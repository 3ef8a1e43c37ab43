import { Writable } from 'node:stream'
import { isHeadGenuine, type SignedHead, verifyChain } from '@muster/audit'
import { deleteFiles } from '@muster/jobs/definitions'
import { createTransact } from '@muster/jobs/outbox'
import { parseRedisUrl } from '@muster/redis'
import { eventually, isLongForm } from '@muster/testing'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildEvent, countRows, createHarness, type Harness, insertPending, keys, tamper } from '../testing/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

const allChained = (count: number) =>
  eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 0, chained: count }), {
    timeoutMs: 15_000,
  })

test('an event of a committed transaction is chained at once, complete', async () => {
  harness.start({ pollIntervalMs: 60_000 })
  const transact = createTransact({ db: harness.db, publisher: harness.publisher })
  // The publisher sends signals only once it publishes jobs.
  await transact(async ({ enqueue }) => enqueue(deleteFiles, { keys: ['a'] }))
  const publishedAt = harness.db.selectFrom('outbox').select('published_at')
  await eventually(async () => expect(await publishedAt.execute()).toEqual([{ published_at: expect.any(Date) }]))
  await transact(async ({ audit }) => audit(buildEvent({ targetId: 'one' })))
  await allChained(1)

  const event = await harness.db.selectFrom('audit_events').selectAll().executeTakeFirstOrThrow()
  expect(event).toMatchObject({ seq: 1, action: 'task.created', target_type: 'task', target_id: 'one', key_id: 'k1' })
  const personal = await harness.db.selectFrom('audit_personal').selectAll().executeTakeFirstOrThrow()
  expect(personal).toMatchObject({ event_id: event.id, ip: '192.0.2.7', user_agent: 'curl/8', request_id: 'r-1' })
  expect(personal.after).toEqual(buildEvent().after)
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true, checkedRows: 1, last: { seq: 1 } })
})

test('without Redis polling chains pending events', async () => {
  harness.start({ redisSettings: parseRedisUrl('redis://127.0.0.1:1') })
  await insertPending(harness.db, 2_500)
  await allChained(2_500)
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true, checkedRows: 2_500 })
})

test('several workers at the same time make one chain with each event once', async () => {
  for (let index = 0; index < 4; index++) harness.start({ pollIntervalMs: 20 })
  for (let round = 0; round < 20; round++) await insertPending(harness.db, 250)
  await allChained(5_000)
  expect(await countRows(harness.db)).toMatchObject({ distinct: 5_000, maxSeq: 5_000, personal: 5_000 })
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true, faults: [] })
})

/** The long form chains more. */
const mostChained = isLongForm ? 40_000 : 25_000

test('pending events take no more room, however many were chained before', async () => {
  const roomBytes = async () => {
    const { rows } = await sql<{ bytes: number }>`select pg_table_size('audit_pending')::int as bytes`.execute(
      harness.db,
    )
    return rows[0]?.bytes ?? 0
  }
  for (let round = 0; round < 4; round++) await insertPending(harness.db, 2_500)
  const bytesOf10_000 = await roomBytes()
  harness.start({ pollIntervalMs: 20 })
  for (let chained = 12_500; chained <= mostChained; chained += 2_500) {
    await insertPending(harness.db, 2_500)
    await allChained(chained)
  }
  // At most those moved since the last vacuum, and those that wait.
  expect(await roomBytes()).toBeLessThan(2 * bytesOf10_000)
})

test('events that cannot be chained are skipped and delay no other', async () => {
  const [known] = await insertPending(harness.db, 1)
  harness.start({ pollIntervalMs: 50 })
  await allChained(1)
  await insertPending(harness.db, 700)
  // An id that is chained already, and a time that has no month.
  await harness.db
    .insertInto('audit_pending')
    .values({ id: known ?? '', action: 'a', target_type: 't', target_id: 'twice' })
    .execute()
  const [endless] = await insertPending(harness.db, 1)
  await sql`update audit_pending set created_at = 'infinity' where id = ${endless}`.execute(harness.db)
  await insertPending(harness.db, 700)

  await eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 2, chained: 1_401 }), {
    timeoutMs: 15_000,
  })
  await insertPending(harness.db, 10)
  await eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 2, chained: 1_411 }))
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true })
})

test('an event of a month without a partition creates the partition', async () => {
  const [early, late] = await insertPending(harness.db, 2)
  await sql`update audit_pending set created_at = '2019-12-31T23:59:59.999999Z' where id = ${early}`.execute(harness.db)
  await sql`update audit_pending set created_at = '2020-01-01T00:00:00Z' where id = ${late}`.execute(harness.db)
  harness.start()
  await allChained(2)
  const { rows } = await sql`select to_regclass('audit_events_2019_12') is not null as a,
    to_regclass('audit_events_2020_01') is not null as b`.execute(harness.db)
  expect(rows).toEqual([{ a: true, b: true }])
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true, checkedRows: 2 })
})

test('the database refuses to change, delete or truncate chained events', async () => {
  harness.start()
  await insertPending(harness.db, 3)
  await allChained(3)
  for (const statement of [
    "update audit_events set action = 'x'",
    'delete from audit_events',
    'truncate audit_events',
  ]) {
    await expect(sql.raw(statement).execute(harness.db)).rejects.toThrow('append-only')
  }
})

test('verification names each changed, inserted, removed and cut-off row', async () => {
  const worker = harness.start()
  const ids = await insertPending(harness.db, 20)
  await allChained(20)
  await worker.close()

  await tamper(harness.db, `update audit_events set actor_id = '${ids[0]}' where seq = 3`)
  await tamper(harness.db, `update audit_personal set ip = '198.51.100.1' where event_id = '${ids[5]}'`)
  await tamper(harness.db, 'delete from audit_events where seq in (9, 10)')
  await tamper(
    harness.db,
    `insert into audit_events select seq, gen_random_uuid(), action, actor_id, target_type, target_id,
       created_at + interval '1 second', personal_digest, key_id, previous_hash, hash from audit_events where seq = 14`,
  )
  await tamper(harness.db, 'delete from audit_events where seq >= 19')
  const report = await verifyChain(harness.db, keys, { pageSize: 4 })
  expect(report.ok).toBe(false)
  expect(report.faults).toMatchObject([
    { kind: 'changed', seq: 3 },
    { kind: 'personal-changed', seq: 6, eventId: ids[5] },
    { kind: 'removed', seq: 9, toSeq: 10 },
    { kind: 'inserted', seq: 14 },
    { kind: 'cut-off', seq: 19, toSeq: 20 },
  ])
})

test('a signed head reveals rows that were cut off together with the stored head', async () => {
  const heads: SignedHead[] = []
  const log = pino(
    new Writable({
      write(line, _encoding, done) {
        const { head } = JSON.parse(String(line)) as { head?: SignedHead }
        if (head) heads.push(head)
        done()
      },
    }),
  )
  await harness.start().close()
  await insertPending(harness.db, 5)
  const first = harness.start()
  await allChained(5)
  await first.close()
  await harness.start({ log }).close()
  const head = await eventually(() => {
    const last = heads.at(-1)
    if (!last) throw new Error('no head was logged')
    return last
  })
  expect(head.seq).toBe(5)
  expect(isHeadGenuine(keys, head)).toBe(true)
  expect(await verifyChain(harness.db, keys, { heads: [head] })).toMatchObject({ ok: true })

  await tamper(harness.db, 'delete from audit_events where seq > 3')
  await tamper(harness.db, 'update audit_chain_head set seq = 3, hash = (select hash from audit_events where seq = 3)')
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true })
  expect((await verifyChain(harness.db, keys, { heads: [head] })).faults).toEqual([
    { kind: 'cut-off', seq: 4, toSeq: 5 },
  ])
  expect((await verifyChain(harness.db, keys, { heads: [{ ...head, seq: 3 }] })).faults).toEqual([
    { kind: 'head-forged', seq: 3 },
  ])
})

test('after a key rotation old rows still verify, and a missing key is named', async () => {
  const before = harness.start()
  await insertPending(harness.db, 2)
  await allChained(2)
  await before.close()
  const rotated = { currentId: 'k2', keys: new Map([['k2', Buffer.alloc(32, 8)], ...keys.keys]) }
  harness.start({ keys: rotated })
  await insertPending(harness.db, 2)
  await allChained(4)
  expect(await verifyChain(harness.db, rotated)).toMatchObject({ ok: true, checkedRows: 4 })
  expect((await verifyChain(harness.db, keys)).faults).toMatchObject([
    { kind: 'unknown-key', seq: 3, keyId: 'k2' },
    { kind: 'unknown-key', seq: 4, keyId: 'k2' },
  ])
})
