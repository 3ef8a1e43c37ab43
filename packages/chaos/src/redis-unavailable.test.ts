import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { sendSignedInTraffic } from './users/signed-in-traffic.ts'

let system: System
let apps: App[]

beforeAll(async () => {
  system = await startSystem()
  apps = await Promise.all((['api', 'email-worker', 'audit-worker'] as const).map((name) => system.start(name)))
  // Mails take a moment, so that some are always under way.
  system.smtp.behavior.beforeAccept = async () => {
    await sleep(20)
    return 'accept'
  }
})
afterAll(() => system.close())

/** A job's lock in Redis lives for 10 s. */
const longerThanALockMs = 11_000
const addedMs = 300
/** Sooner than the 30 s after which every publisher publishes unacknowledged rows again. */
const atOnce = { timeoutMs: 20_000 }

test.for([
  { fate: 'killed and started again with its data', go: 'kill', back: 'restart', forMs: 1_500 },
  { fate: 'killed and started again without its data', go: 'kill', back: 'restartEmpty', forMs: 1_500 },
  { fate: 'frozen for longer than a lock of a job', go: 'freeze', back: 'thaw', forMs: longerThanALockMs },
  { fate: 'out of memory', go: 'fill', back: 'empty', forMs: 1_500 },
] as const)(
  'while Redis is $fate, what needs only Postgres answers, registration says 503, and nothing is lost',
  async ({ go, back, forMs }) => {
    const { redis } = system
    const ways = {
      kill: () => redis.kill(),
      restart: () => redis.restart(),
      restartEmpty: () => redis.restart({ isEmpty: true }),
      freeze: redis.freeze,
      thaw: redis.thaw,
      fill: () => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
      empty: () => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    }
    const user = await system.registeredUser()
    const before = await sendSignedInTraffic(user, 500)
    const acknowledged = await registerMany(20)

    await ways[go]()
    const during = await sendSignedInTraffic(user, forMs)
    const refused = await system.newUser().register()
    await ways[back]()

    expect(during.answers.filter(({ status }) => status >= 300)).toEqual([])
    expect(during.slowestMs).toBeLessThan(before.slowestMs + addedMs)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.durationMs).toBeLessThan(addedMs)

    const late = system.newUser()
    await eventually(async () => expect((await late.register()).status).toBe(202), {
      timeoutMs: 10_000,
      intervalMs: 200,
    })
    await system.inspector.waitUntilIdle(atOnce)
    for (const email of [...acknowledged, late.email]) expect(system.smtp.mailsTo(email)).toHaveLength(1)
    const taskIds = [...before.taskIds, ...during.taskIds]
    expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
)

test('when Redis is flushed during traffic, every pending job is published again and done once', async () => {
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round++) {
    acknowledged.push(...(await registerMany(20)))
    await system.redis.flush()
  }
  await system.inspector.waitUntilIdle(atOnce)
  for (const email of acknowledged) expect(system.smtp.mailsTo(email)).toHaveLength(1)
  expect(acknowledged).toHaveLength(60)
  expect(apps.every((app) => app.isRunning())).toBe(true)
})

/** @returns the addresses that were answered with 202 */
async function registerMany(count: number): Promise<string[]> {
  const users = Array.from({ length: count }, () => system.newUser())
  const answers = await Promise.all(users.map((user) => user.register()))
  return users.filter((_, index) => answers[index]?.status === 202).map(({ email }) => email)
}
