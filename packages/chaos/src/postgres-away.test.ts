import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './apps.ts'
import type { Person } from './people.ts'
import type { ChaosPostgres } from './postgres.ts'
import { type System, startSystemWithPostgres } from './system.ts'
import { useSignedIn } from './traffic.ts'
import { newTask } from './work.ts'

let system: System<ChaosPostgres>
let apps: App[]

beforeAll(async () => {
  system = await startSystemWithPostgres()
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
    const person = await system.member()
    const before = await useSignedIn(person, 500)
    // The API and the audit worker stand in the middle of a transaction when it happens.
    const gate = await system.gate('audit_pending', 'insert or delete')
    await gate.close()
    const inFlight = person.request('PATCH', '/users/me', { bio: 'Half way' })
    await gate.waitForOne()

    await system.postgres[go]()
    // Some at once, when nobody knows yet, and some when everybody does.
    const refused = [...(await askEverything(person)), ...(await askEverything(person))]
    await system.postgres[back]()
    await gate.remove()
    // An orderly stop may still let it through.
    expect([200, 503]).toContain((await inFlight).status)

    for (const { status, headers, durationMs } of refused) {
      expect(status).toBe(503)
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      expect(durationMs).toBeLessThan(quickMs)
    }
    await eventually(async () => expect((await person.request('GET', '/tasks')).status).toBe(200), {
      timeoutMs: 10_000,
    })
    const after = await eventually(async () => {
      const report = await useSignedIn(person, 200)
      expect(report.answers.filter(({ status }) => status >= 300)).toEqual([])
      return report
    })
    await system.member()
    await system.books.settled()
    const taskIds = [...before.taskIds, ...after.taskIds]
    expect(await system.books.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(system.smtp.to(person.email)).toHaveLength(2)
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
)

/** Signed in and not, reads and writes, all at the same time. */
function askEverything(person: Person) {
  const stranger = system.newcomer()
  return Promise.all([
    person.request('GET', '/users/me'),
    person.request('GET', '/tasks'),
    person.request('POST', '/tasks', newTask()),
    person.request('PATCH', '/users/me', { bio: 'Anyone there?' }),
    stranger.register(),
    stranger.login(),
  ])
}
