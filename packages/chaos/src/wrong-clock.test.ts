import { createDb, type Db } from '@muster/db'
import {
  clockAhead,
  eventually,
  insertReminder,
  insertTask,
  insertUser,
  fakeClockLibrary as library,
} from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'

let system: System
let db: Db
beforeAll(async () => {
  system = await startSystem()
  db = createDb({ url: system.postgres.url, poolMax: 1, applicationName: 'chaos-wrong-clock' })
})
afterAll(async () => {
  await db.destroy()
  await system.close()
})

const minuteMs = 60_000

test.skipIf(!library).for([{ seconds: 600 }, { seconds: -600 }])(
  'a worker whose clock is $seconds s off is not ready and sends reminders on time',
  async ({ seconds }) => {
    const now = Date.now()
    const task = await insertTask(db, await insertUser(db))
    const { id: upcoming } = await insertReminder(db, task, { scheduled_at: new Date(now + 5 * minuteMs) })
    const { id: due } = await insertReminder(db, task, { scheduled_at: new Date(now - 1_000) })
    const worker = await system.startLive('reminder-worker', clockAhead(seconds))

    await eventually(async () => expect(await statusOf(due)).toBe('sent'))
    expect(await statusOf(upcoming)).toBe('pending')
    const [sent] = await system.inspector.query<{ sent_at: Date; late: boolean }>(
      `select sent_at, late from reminders where id = '${due}'`,
    )
    expect(Math.abs((sent?.sent_at.getTime() ?? 0) - Date.now())).toBeLessThan(minuteMs)
    expect(sent?.late).toBe(false)

    expect(await readinessStatus(worker)).toBe(503)
    expect(await offsetMetric(worker)).toBeCloseTo(seconds, 0)
    expect(clockLogLines(worker)).toMatchObject([{ level: 'warn', msg: expect.stringContaining('not ready') }])
    await worker.terminate()
  },
)

test.skipIf(!library)('an API whose clock is 5 s ahead is ready, and reports it as degraded', async () => {
  const api = await system.start('api', { env: clockAhead(5) })
  const health = (await (await fetch(`${api.url}/health`)).json()) as { status: string; checks: { clock: unknown } }
  expect(health).toMatchObject({ status: 'degraded', checks: { clock: { status: 'off' } } })
  expect(await offsetMetric(api)).toBeCloseTo(5, 0)
  expect(clockLogLines(api)).toMatchObject([{ level: 'warn', msg: expect.stringContaining('differs from postgres') }])
  await api.terminate()
})

test.skipIf(!library)('an API whose clock is 10 min behind is not ready, and its sessions are valid', async () => {
  const api = await system.startLive('api', clockAhead(-600))
  const worker = await system.start('email-worker')
  expect(await readinessStatus(api)).toBe(503)
  const user = await system.registeredUser()
  const [session] = await system.inspector.query<{ age: number }>(
    `select extract(epoch from now() - created_at)::float8 as age from sessions order by created_at desc limit 1`,
  )
  expect(Math.abs(session?.age ?? Number.NaN)).toBeLessThan(30)
  expect(user.email).toContain('@')
  await Promise.all([api.terminate(), worker.terminate()])
})

test.runIf(!library)('the tests of wrong clocks need libfaketime: install the package `faketime`', () => {})

const statusOf = async (id: string) =>
  (await system.inspector.query<{ status: string }>(`select status from reminders where id = '${id}'`))[0]?.status

const readinessStatus = async ({ opsUrl }: App) => (await fetch(`${opsUrl}/readyz`)).status

async function offsetMetric({ opsUrl }: App): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(/^muster_clock_offset_seconds (\S+)$/m.exec(text)?.[1])
}

const clockLogLines = ({ output }: App) =>
  output()
    .split('\n')
    .filter((line) => line.includes('"dependency":"clock"'))
    .map((line) => JSON.parse(line))
