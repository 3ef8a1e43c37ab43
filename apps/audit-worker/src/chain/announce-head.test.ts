import { keepAnnouncedHead, readAnnouncedHeads, signHead, verifyChain } from '@muster/audit'
import { eventually } from '@muster/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { countRows, createHarness, insertPending, keys, tamper } from '../testing/harness.ts'

let harness: Awaited<ReturnType<typeof createHarness>>
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

const headsNow = () => readAnnouncedHeads(harness.redis.client)
const announced = (seq: number) =>
  eventually(async () => expect((await headsNow()).at(-1)).toMatchObject({ seq }), { timeoutMs: 10_000 })
const allChained = (count: number) =>
  eventually(async () => expect(await countRows(harness.db)).toMatchObject({ pending: 0, chained: count }))
const quick = { sweepIntervalMs: 20, headIntervalMs: 20 }

test('the signed head goes to Redis, and the last hundred of them stay', async () => {
  for (let seq = 1; seq <= 150; seq++) {
    await keepAnnouncedHead(harness.redis.client, signHead(keys, { seq, hash: 'ab'.repeat(32) }))
  }
  const heads = await headsNow()
  expect([heads.length, heads[0]?.seq, heads.at(-1)?.seq]).toEqual([100, 51, 150])
  await harness.redis.client.flushdb()
  harness.start(quick)
  await insertPending(harness.db, 7)
  await announced(7)
})

test('a chain that was cut off behind an announced head gets no further one, whatever is chained over the cut', async () => {
  const worker = harness.start(quick)
  await insertPending(harness.db, 9)
  await announced(9)
  await worker.close()
  await tamper(harness.db, 'delete from audit_events where seq > 5')
  await tamper(harness.db, 'update audit_chain_head set seq = 5, hash = (select hash from audit_events where seq = 5)')
  await insertPending(harness.db, 9)
  const alarms: string[] = []
  const log = pino({ level: 'error' }, { write: (line) => void alarms.push(line) })
  harness.start({ ...quick, log })
  await allChained(14)
  alarms.length = 0
  await eventually(() => expect(alarms.join()).toContain('no longer holds the head that was announced'))
  const { faults } = await verifyChain(harness.db, keys, { heads: await headsNow() })
  expect(faults).toEqual([{ kind: 'head-mismatch', seq: 9 }])
  expect((await headsNow()).at(-1)).toMatchObject({ seq: 9 })
})

test('a head in Redis that no key signed keeps nobody from announcing', async () => {
  await keepAnnouncedHead(harness.redis.client, { ...signHead(keys, { seq: 900, hash: 'ab'.repeat(32) }), seq: 3 })
  harness.start(quick)
  await insertPending(harness.db, 5)
  await announced(5)
})
