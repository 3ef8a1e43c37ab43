import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './apps.ts'
import { type System, startSystem } from './system.ts'
import { useSignedIn } from './traffic.ts'

let system: System
let apps: App[]

beforeAll(async () => {
  system = await startSystem()
  apps = await Promise.all((['api', 'email-worker', 'audit-worker'] as const).map((name) => system.start(name)))
  // Mails take a moment, so that some are always under way.
  system.smtp.manners.beforeTaking = async () => {
    await sleep(20)
    return 'take'
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
    const person = await system.member()
    const before = await useSignedIn(person, 500)
    const acknowledged = await registerMany(20)

    await ways[go]()
    const during = await useSignedIn(person, forMs)
    const refused = await system.newcomer().register()
    await ways[back]()

    expect(during.answers.filter(({ status }) => status >= 300)).toEqual([])
    expect(during.slowestMs).toBeLessThan(before.slowestMs + addedMs)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.durationMs).toBeLessThan(addedMs)

    const late = system.newcomer()
    await eventually(async () => expect((await late.register()).status).toBe(202), {
      timeoutMs: 10_000,
      intervalMs: 200,
    })
    await system.books.settled(atOnce)
    for (const email of [...acknowledged, late.email]) expect(system.smtp.to(email)).toHaveLength(1)
    const taskIds = [...before.taskIds, ...during.taskIds]
    expect(await system.books.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
)

test('when Redis is flushed during traffic, every pending job is published again and done once', async () => {
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round++) {
    acknowledged.push(...(await registerMany(20)))
    await system.redis.flush()
  }
  await system.books.settled(atOnce)
  for (const email of acknowledged) expect(system.smtp.to(email)).toHaveLength(1)
  expect(acknowledged).toHaveLength(60)
  expect(apps.every((app) => app.isRunning())).toBe(true)
})

/** @returns the addresses that were answered with 202 */
async function registerMany(count: number): Promise<string[]> {
  const people = Array.from({ length: count }, () => system.newcomer())
  const answers = await Promise.all(people.map((person) => person.register()))
  return people.filter((_, index) => answers[index]?.status === 202).map(({ email }) => email)
}
