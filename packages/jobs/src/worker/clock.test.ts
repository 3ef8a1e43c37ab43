import { correctAtStart, createCorrectedClock, measureClock } from '@muster/db'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { optimizeImage } from '../definitions/index.ts'
import { createJobsWorld, type JobsWorld, takeEffect } from '../testing/jobs-world.ts'

let world: JobsWorld
beforeEach(async () => {
  world = await createJobsWorld()
})
afterEach(() => {
  return world.close()
})

const minuteMs = 60_000

/** The system clock of this process, and with it BullMQ's; timers and the monotonic clock stay as they are. */
function shiftSystemClock(byMs: number): void {
  const { now } = performance
  const [startMs, startedAtMs] = [Date.now(), now.call(performance)]
  vi.spyOn(Date, 'now').mockImplementation(() => startMs + byMs + now.call(performance) - startedAtMs)
}
afterEach(() => void vi.restoreAllMocks())

async function databaseMs(): Promise<number> {
  const { rows } = await sql<{ ms: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.execute(world.db)
  return rows[0]?.ms ?? Number.NaN
}

test.for([10 * minuteMs, -10 * minuteMs])(
  'a clock that is corrected tells the time of Postgres where the system clock is %d ms ahead',
  async (aheadMs) => {
    shiftSystemClock(aheadMs)
    const clock = createCorrectedClock()
    await correctAtStart(world.database.url, clock)
    expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(200)
    const { offsetMs, uncertaintyMs } = await measureClock(world.db, clock)
    expect(Math.abs(offsetMs - aheadMs)).toBeLessThan(uncertaintyMs + 50)
  },
)

test('a system clock that is put forward under way moves no corrected one, and is noticed', async () => {
  const clock = createCorrectedClock()
  await measureClock(world.db, clock)
  expect(clock.hasStepped()).toBe(false)
  shiftSystemClock(10 * minuteMs)
  expect(clock.hasStepped()).toBe(true)
  expect(Math.abs(clock.now().getTime() - (await databaseMs()))).toBeLessThan(200)
})

test('a job that is due in five minutes does not run where the system clock is ten minutes fast', async () => {
  const clock = createCorrectedClock()
  await measureClock(world.db, clock)
  const transact = world.transact(world.publisher({ clock }))
  const order = (inMs: number) =>
    transact(async ({ enqueue }) =>
      enqueue(optimizeImage, { attachmentId: crypto.randomUUID() }, { runAt: new Date(clock.now().getTime() + inMs) }),
    )
  const early = await order(5 * minuteMs)
  const queue = await world.queue()
  await eventually(async () => expect(await (await queue.getJob(early))?.isDelayed()).toBe(true))

  shiftSystemClock(10 * minuteMs)
  world.worker(takeEffect, { clock })
  const soon = await order(300)
  await eventually(async () => expect(await world.outboxRow(soon)).toBeUndefined())
  await eventually(async () => expect((await queue.getJob(early))?.attemptsStarted).toBe(1))
  await eventually(async () => expect(await (await queue.getJob(early))?.isDelayed()).toBe(true))
  expect(await world.outboxRow(early)).toBeDefined()
  expect(await world.effects()).toHaveLength(1)
})
