import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from './people.ts'
import { type System, startSystem } from './system.ts'
import { makeTask, setReminder, uploadPhoto } from './work.ts'

let system: System

beforeAll(async () => {
  system = await startSystem()
  const env = { LOG_LEVEL: 'trace' }
  await Promise.all(
    (['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const).map((name) =>
      system.start(name, { env }),
    ),
  )
})
afterAll(() => system.close())

/** Every test file of this package looks for them when its system closes; this one gives all reasons to write them. */
test('no password, code, cookie, token or key that was used stands in the log of any process, at its most talkative', async () => {
  const person = await system.member()
  const taskId = await makeTask(person)
  await Promise.all([uploadPhoto(person, taskId), setReminder(person, taskId, 300)])
  await person.login()
  await person.request('POST', '/auth/refresh')
  await makeTrouble(person)
  await system.books.settled()

  const output = system.output()
  for (const name of ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker'])
    expect(output).toContain(`"name":"${name}"`)
  expect(system.secrets.count()).toBeGreaterThan(10)
  expect(system.secrets.findIn(output)).toEqual([])
  // The search itself finds what is there.
  expect(system.secrets.findIn(`${output} ${person.password}`)).toEqual(['password'])
})

/** Requests that end in an error with the secret in its cause: in a body, an address, a header, a query to Postgres. */
async function makeTrouble(person: Person): Promise<void> {
  const { email, password } = person
  await person.request('POST', '/auth/login', { email, password: `${password}-wrong` })
  await person.request('POST', '/auth/login', { email, password: [password] })
  await person.request('POST', '/auth/register', { email, password, username: 'x', name: password })
  await person.request('POST', '/auth/register/verify', { email, otp: '000000' })
  await person.request('GET', `/nowhere/${encodeURIComponent(password)}?token=${password}`)
  await person.request('GET', `/tasks?cursor=${person.cookieHeader().slice(-40)}`)
  await person.request('PATCH', '/users/me', `{"bio": "${password}", `)
  const gate = await system.gate('audit_pending', 'insert')
  await gate.close()
  const held = person.login()
  await gate.waitForOne()
  await system.books.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'muster-%'`,
  )
  await gate.open()
  expect((await held).status).toBe(503)
  system.redis.freeze()
  const stranger = system.newcomer()
  await stranger.register()
  system.redis.thaw()
}
