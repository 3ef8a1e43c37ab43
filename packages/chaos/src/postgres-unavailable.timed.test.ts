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

/** A frozen Postgres takes longest to detect, since only a timeout reveals it. */
const refusalLimitMs = 3_500

test.for([
  { state: 'stopped', inject: 'stop', recover: 'restart' },
  { state: 'killed', inject: 'kill', recover: 'restart' },
  { state: 'frozen', inject: 'freeze', recover: 'thaw' },
] as const)(
  'requests get a quick 503 while Postgres is $state, and succeed afterwards',
  async ({ inject, recover }) => {
    const user = await system.registeredUser()
    const before = await sendSignedInTraffic(user, 500)
    // The API and the audit worker are in the middle of a transaction when the fault is injected.
    const pausePoint = await system.pausePoint('audit_pending', 'insert or delete')
    await pausePoint.arm()
    const underWay = user.request('PATCH', '/users/me', { bio: 'Half way' })
    await pausePoint.waitUntilReached()

    await system.postgres[inject]()
    // The first requests meet an API that has not detected the fault yet, the second ones an API that has.
    const refused = [...(await requestEverything(user)), ...(await requestEverything(user))]
    await system.postgres[recover]()
    await pausePoint.remove()
    // The fast shutdown of `stop` may let the transaction commit.
    expect([200, 503]).toContain((await underWay).status)

    for (const { status, headers, durationMs } of refused) {
      expect(status).toBe(503)
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(durationMs).toBeLessThan(refusalLimitMs)
    }
    await eventually(async () => expect((await user.request('GET', '/tasks')).status).toBe(200), {
      timeoutMs: 10_000,
    })
    const after = await eventually(async () => {
      const report = await sendSignedInTraffic(user, 200)
      expect(report.responses.filter(({ status }) => status >= 300)).toEqual([])
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

/** Sends reads and writes at the same time, with a session and without one. */
function requestEverything(user: User) {
  const newUser = system.newUser()
  return Promise.all([
    user.request('GET', '/users/me'),
    user.request('GET', '/tasks'),
    user.request('POST', '/tasks', newTaskBody()),
    user.request('PATCH', '/users/me', { bio: 'Anyone there?' }),
    newUser.register(),
    newUser.login(),
  ])
}
