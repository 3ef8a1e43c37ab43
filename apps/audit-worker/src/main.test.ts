import { verifyChain } from '@muster/audit'
import { eventually, startTestProcess } from '@muster/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { countRows, createHarness, type Harness, insertPending, keys, mainFile } from './testing/harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

test('a worker killed between its batches loses and repeats no event', async () => {
  const ids = await insertPending(harness.db, 3_000)
  let kills = 0
  while ((await countRows(harness.db))?.pending) {
    const before = (await countRows(harness.db))?.chained ?? 0
    // Not ready first: the process would have chained all events by then.
    const worker = startTestProcess(mainFile, harness.env)
    await eventually(
      async () => {
        const now = await countRows(harness.db)
        if (now?.pending) expect(now.chained).toBeGreaterThan(before)
      },
      { timeoutMs: 30_000, intervalMs: 1 },
    )
    await worker.stop('SIGKILL')
    kills++
  }
  expect(kills).toBeGreaterThan(1)
  expect(await countRows(harness.db)).toMatchObject({ chained: 3_000, distinct: ids.length, personal: 3_000 })
  expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true, faults: [] })
}, 180_000)

test('the process shows the sequence of its head in its metrics and ends on SIGTERM', async () => {
  await insertPending(harness.db, 3)
  const worker = await harness.startProcess()
  const metrics = await eventually(
    async () => {
      const text = await (await fetch(`${worker.opsUrl}/metrics`)).text()
      expect(text).toContain('muster_audit_chained_total 3')
      return text
    },
    { timeoutMs: 30_000 },
  )
  // The number alone: a hash would be a new series each minute.
  expect(metrics).toMatch(/^muster_audit_chain_head [03]$/m)
  expect(await worker.stop('SIGTERM')).toBe(0)
})

test('a start without keys is refused, and all missing variables are named', async () => {
  const worker = startTestProcess(mainFile, { REDIS_URL: 'nowhere' })
  expect(await worker.ended).toEqual({ code: 1, signal: null })
  for (const name of ['AUDIT_KEYS', 'DATABASE_URL', 'REDIS_URL']) expect(worker.output()).toContain(name)
})
