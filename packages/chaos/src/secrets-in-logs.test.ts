import { afterAll, beforeAll, expect, test } from 'vitest'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

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
  const user = await system.registeredUser()
  const taskId = await createTask(user)
  await Promise.all([uploadPhoto(user, taskId), createReminder(user, taskId, 300)])
  await user.login()
  await user.request('POST', '/auth/refresh')
  await makeTrouble(user)
  await system.inspector.waitUntilIdle()

  const output = system.output()
  for (const name of ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker'])
    expect(output).toContain(`"name":"${name}"`)
  expect(system.secrets.count()).toBeGreaterThan(10)
  expect(system.secrets.findIn(output)).toEqual([])
  // The search itself finds what is there.
  expect(system.secrets.findIn(`${output} ${user.password}`)).toEqual(['password'])
})

/** Requests that end in an error with the secret in its cause: in a body, an address, a header, a query to Postgres. */
async function makeTrouble(user: User): Promise<void> {
  const { email, password } = user
  await user.request('POST', '/auth/login', { email, password: `${password}-wrong` })
  await user.request('POST', '/auth/login', { email, password: [password] })
  await user.request('POST', '/auth/register', { email, password, username: 'x', name: password })
  await user.request('POST', '/auth/register/verify', { email, otp: '000000' })
  await user.request('GET', `/nowhere/${encodeURIComponent(password)}?token=${password}`)
  await user.request('GET', `/tasks?cursor=${user.cookieHeader().slice(-40)}`)
  await user.request('PATCH', '/users/me', `{"bio": "${password}", `)
  const pausePoint = await system.pausePoint('audit_pending', 'insert')
  await pausePoint.arm()
  const held = user.login()
  await pausePoint.waitUntilReached()
  await system.inspector.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'muster-%'`,
  )
  await pausePoint.release()
  expect((await held).status).toBe(503)
  system.redis.freeze()
  const stranger = system.newUser()
  await stranger.register()
  system.redis.thaw()
}
