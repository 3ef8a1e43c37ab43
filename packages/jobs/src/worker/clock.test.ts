import { type CorrectedClock, correctAtStart, createCorrectedClock, measureClock } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { optimizeImage } from '../definitions/index.ts'
import { createHarness, type Harness, takeEffect } from '../testing/harness.ts'

let world: Harness
beforeEach(async () => {
  world = await createHarness()
})
afterEach(() => {
  return world.close()
})

const minuteMs = 60_000
const toleranceMs = 200

/** Shifts the system clock of this process, which BullMQ uses; timers and the monotonic clock stay as they are. */
function shiftSystemClock(byMs: number): void {
  const { now } = performance
  const [startMs, startedAtMs] = [Date.now(), now.call(performance)]
  vi.spyOn(Date, 'now').mockImplementation(() => startMs + byMs + now.call(performance) - startedAtMs)
}
afterEach(() => void vi.restoreAllMocks())

/** Compares with a reading of the clock before and one after, so that a slow query does not count as a difference. */
async function expectDatabaseTime(clock: CorrectedClock): Promise<void> {
  const beforeMs = clock.now().getTime()
  const databaseTimeMs = await databaseMs()
  expect(databaseTimeMs).toBeGreaterThan(beforeMs - toleranceMs)
  expect(databaseTimeMs).toBeLessThan(clock.now().getTime() + toleranceMs)
}

async function databaseMs(): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.execute(world.db)
  return rows[0]?.ms ?? Number.NaN
}

test.for([10 * minuteMs, -10 * minuteMs])(
  'a corrected clock tells the time of Postgres while the system clock is %d ms ahead',
  async (aheadMs) => {
    shiftSystemClock(aheadMs)
    const clock = createCorrectedClock()
    await correctAtStart({ url: world.database.url }, clock)
    await expectDatabaseTime(clock)
    const { offsetMs, uncertaintyMs } = await measureClock(world.db, clock)
    expect(Math.abs(offsetMs - aheadMs)).toBeLessThan(uncertaintyMs + 50)
  },
)

test('a step of the system clock does not move a corrected clock, and is noticed', async () => {
  const clock = createCorrectedClock()
  await measureClock(world.db, clock)
  expect(clock.hasStepped()).toBe(false)
  shiftSystemClock(10 * minuteMs)
  expect(clock.hasStepped()).toBe(true)
  await expectDatabaseTime(clock)
})

test('a job that is due in five minutes does not run while the system clock is ten minutes fast', async () => {
  const clock = createCorrectedClock()
  await measureClock(world.db, clock)
  const transact = world.transact(world.publisher({ clock }))
  const enqueueIn = (inMs: number) =>
    transact(async ({ enqueue }) =>
      enqueue(optimizeImage, { attachmentId: crypto.randomUUID() }, { runAt: new Date(clock.now().getTime() + inMs) }),
    )
  const early = await enqueueIn(5 * minuteMs)
  const queue = await world.queue()
  await eventually(async () => expect(await (await queue.getJob(early))?.isDelayed()).toBe(true))

  shiftSystemClock(10 * minuteMs)
  world.worker(takeEffect, { clock })
  const soon = await enqueueIn(300)
  await eventually(async () => expect(await world.outboxRow(soon)).toBeUndefined())
  await eventually(async () => expect((await queue.getJob(early))?.attemptsStarted).toBe(1))
  await eventually(async () => expect(await (await queue.getJob(early))?.isDelayed()).toBe(true))
  expect(await world.outboxRow(early)).toBeDefined()
  expect(await world.effects()).toHaveLength(1)
})
