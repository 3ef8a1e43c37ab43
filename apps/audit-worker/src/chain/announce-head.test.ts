import { keepAnnouncedHead, readAnnouncedHeads, signHead, verifyChain } from '@muster/audit'
import { eventually } from '@muster/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { countRows, createHarness, type Harness, insertPending, keys, tamper } from '../testing/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

const headsNow = () => readAnnouncedHeads(harness.redis.client)
const announced = (seq: number) =>
  eventually(async () => expect((await headsNow()).at(-1)).toMatchObject({ seq }), { timeoutMs: 30_000 })
const allChained = (count: number) =>
  eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 0, chained: count }), {
    timeoutMs: 30_000,
  })
const shortIntervals = { pollIntervalMs: 20, headIntervalMs: 20 }

test('the signed head is stored in Redis, where the last hundred are kept', async () => {
  for (let seq = 1; seq <= 150; seq++) {
    await keepAnnouncedHead(harness.redis.client, signHead(keys, { seq, hash: 'ab'.repeat(32) }))
  }
  const heads = await headsNow()
  expect([heads.length, heads[0]?.seq, heads.at(-1)?.seq]).toEqual([100, 51, 150])
  await harness.redis.client.flushdb()
  harness.start(shortIntervals)
  await insertPending(harness.db, 7)
  await announced(7)
})

test('no head is announced after rows were cut off, even when new events are chained', async () => {
  const worker = harness.start(shortIntervals)
  await insertPending(harness.db, 9)
  await announced(9)
  await worker.close()
  await tamper(harness.db, 'delete from audit_events where seq > 5')
  await tamper(harness.db, 'update audit_chain_head set seq = 5, hash = (select hash from audit_events where seq = 5)')
  await insertPending(harness.db, 9)
  const errors: string[] = []
  const log = pino({ level: 'error' }, { write: (line) => void errors.push(line) })
  harness.start({ ...shortIntervals, log })
  await allChained(14)
  errors.length = 0
  await eventually(() => expect(errors.join()).toContain('audit chain broken'), { timeoutMs: 30_000 })
  const { faults } = await verifyChain(harness.db, keys, { heads: await headsNow() })
  expect(faults).toEqual([{ kind: 'head-mismatch', seq: 9 }])
  expect((await headsNow()).at(-1)).toMatchObject({ seq: 9 })
})

test('a forged head in Redis does not stop the announcements', async () => {
  await keepAnnouncedHead(harness.redis.client, { ...signHead(keys, { seq: 900, hash: 'ab'.repeat(32) }), seq: 3 })
  harness.start(shortIntervals)
  await insertPending(harness.db, 5)
  await announced(5)
})
