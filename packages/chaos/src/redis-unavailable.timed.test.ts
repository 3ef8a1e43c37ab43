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
  // A slow mail server makes it likely that a mail is being sent when the fault is injected.
  system.smtp.behavior.beforeAccept = () => sleep(20, 'accept' as const)
})
afterAll(() => system.close())

/** A job's lock in Redis expires after 10 s. */
const longerThanJobLockMs = 11_000
/** The time that the fault may add to a response. */
const addedMs = 300
/** Less than the 30 s after which every publisher publishes unacknowledged rows again anyway. */
const promptly = { timeoutMs: 20_000 }

test.for([
  { state: 'killed and restarted with its data', inject: 'kill', recover: 'restart', forMs: 1_500 },
  { state: 'killed and restarted empty', inject: 'kill', recover: 'restartEmpty', forMs: 1_500 },
  { state: 'frozen past a job lock', inject: 'freeze', recover: 'thaw', forMs: longerThanJobLockMs },
  { state: 'out of memory', inject: 'limitMemory', recover: 'unlimitMemory', forMs: 1_500 },
] as const)(
  'while Redis is $state, signed-in requests succeed and nothing is lost',
  async ({ inject, recover, forMs }) => {
    const { redis } = system
    const faults = {
      kill: () => redis.kill(),
      restart: () => redis.restart(),
      restartEmpty: () => redis.restart({ isEmpty: true }),
      freeze: redis.freeze,
      thaw: redis.thaw,
      limitMemory: () => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
      unlimitMemory: () => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    }
    const user = await system.registeredUser()
    const before = await sendSignedInTraffic(user, 500)
    const acknowledged = await registerMany(20)

    await faults[inject]()
    const during = await sendSignedInTraffic(user, forMs)
    const refused = await system.newUser().register()
    await faults[recover]()

    expect(during.responses.filter(({ status }) => status >= 300)).toEqual([])
    expect(during.slowestMs).toBeLessThan(before.slowestMs + addedMs)
    // A registration needs Redis, which holds it until it is verified.
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.durationMs).toBeLessThan(addedMs)

    const later = system.newUser()
    await eventually(async () => expect((await later.register()).status).toBe(202), {
      timeoutMs: 10_000,
      intervalMs: 200,
    })
    await system.inspector.waitUntilIdle(promptly)
    for (const email of [...acknowledged, later.email]) expect(system.smtp.mailsTo(email)).toHaveLength(1)
    const taskIds = [...before.taskIds, ...during.taskIds]
    expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
)

test('jobs pending when Redis is flushed are published again and processed once', async () => {
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round++) {
    acknowledged.push(...(await registerMany(20)))
    await system.redis.flush()
  }
  await system.inspector.waitUntilIdle(promptly)
  for (const email of acknowledged) expect(system.smtp.mailsTo(email)).toHaveLength(1)
  expect(acknowledged).toHaveLength(60)
  expect(apps.every((app) => app.isRunning())).toBe(true)
})

/** Registers users at the same time. @returns the addresses whose registration was answered with 202 */
async function registerMany(count: number): Promise<string[]> {
  const users = Array.from({ length: count }, () => system.newUser())
  const responses = await Promise.all(users.map((user) => user.register()))
  return users.filter((_, index) => responses[index]?.status === 202).map(({ email }) => email)
}
