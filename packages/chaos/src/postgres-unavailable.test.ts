import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChaosPostgres } from './faults/postgres.ts'
import type { App } from './system/apps.ts'
import { type System, startSystemWithOwnPostgres } from './system/system.ts'
import { newTaskBody } from './users/fixtures.ts'
import { sendSignedInTraffic } from './users/signed-in-traffic.ts'
import type { User } from './users/user.ts'

let system: System<ChaosPostgres>
let apps: App[]

beforeAll(async () => {
  system = await startSystemWithOwnPostgres()
  apps = await Promise.all((['api', 'email-worker', 'audit-worker'] as const).map((name) => system.start(name)))
})
afterAll(() => system.close())

/** Frozen is the slow case: only silence tells. */
const quickMs = 3_500

test.for([
  { fate: 'stopped', go: 'stop', back: 'restart' },
  { fate: 'killed', go: 'kill', back: 'restart' },
  { fate: 'frozen', go: 'freeze', back: 'thaw' },
] as const)(
  'while Postgres is $fate, every request gets a quick 503 with Retry-After, and all recovers by itself',
  async ({ go, back }) => {
    const user = await system.registeredUser()
    const before = await sendSignedInTraffic(user, 500)
    // The API and the audit worker stand in the middle of a transaction when it happens.
    const pausePoint = await system.pausePoint('audit_pending', 'insert or delete')
    await pausePoint.arm()
    const inFlight = user.request('PATCH', '/users/me', { bio: 'Half way' })
    await pausePoint.waitUntilReached()

    await system.postgres[go]()
    // Some at once, when nobody knows yet, and some when everybody does.
    const refused = [...(await askEverything(user)), ...(await askEverything(user))]
    await system.postgres[back]()
    await pausePoint.remove()
    // An orderly stop may still let it through.
    expect([200, 503]).toContain((await inFlight).status)

    for (const { status, headers, durationMs } of refused) {
      expect(status).toBe(503)
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(durationMs).toBeLessThan(quickMs)
    }
    await eventually(async () => expect((await user.request('GET', '/tasks')).status).toBe(200), {
      timeoutMs: 10_000,
    })
    const after = await eventually(async () => {
      const report = await sendSignedInTraffic(user, 200)
      expect(report.answers.filter(({ status }) => status >= 300)).toEqual([])
      return report
    })
    await system.registeredUser()
    await system.inspector.waitUntilIdle()
    const taskIds = [...before.taskIds, ...after.taskIds]
    expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(system.smtp.mailsTo(user.email)).toHaveLength(2)
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
)

/** Signed in and not, reads and writes, all at the same time. */
function askEverything(user: User) {
  const stranger = system.newUser()
  return Promise.all([
    user.request('GET', '/users/me'),
    user.request('GET', '/tasks'),
    user.request('POST', '/tasks', newTaskBody()),
    user.request('PATCH', '/users/me', { bio: 'Anyone there?' }),
    stranger.register(),
    stranger.login(),
  ])
}
