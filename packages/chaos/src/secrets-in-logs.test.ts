import { afterAll, beforeAll, expect, test } from 'vitest'
import { appNames } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System

beforeAll(async () => {
  system = await startSystem()
  const env = { LOG_LEVEL: 'trace' }
  await Promise.all(appNames.map((name) => system.start(name, { env })))
})
afterAll(() => system.close())

// Every test file of this package checks its logs when it closes its system. This one causes the log lines most likely to
// contain a secret.
test('no password, code, cookie, token or key is in the logs, even at level trace', async () => {
  const user = await system.registeredUser()
  const taskId = await createTask(user)
  await Promise.all([uploadPhoto(user, taskId), createReminder(user, taskId, 300)])
  await user.login()
  await user.request('POST', '/auth/refresh')
  await causeErrors(user)
  await system.inspector.waitUntilIdle()

  const output = system.output()
  for (const name of appNames) expect(output).toContain(`"name":"${name}"`)
  expect(system.secrets.count()).toBeGreaterThan(10)
  expect(system.secrets.findIn(output)).toEqual([])
  // Proves that the search finds a secret.
  expect(system.secrets.findIn(`${output} ${user.password}`)).toEqual(['password'])
})

/** Causes errors that have a secret in their cause: in a body, a URL, a header or a query to Postgres. */
async function causeErrors(user: User): Promise<void> {
  const { email, password } = user
  await user.request('POST', '/auth/login', { email, password: `${password}-wrong` })
  await user.request('POST', '/auth/login', { email, password: [password] })
  await user.request('POST', '/auth/register', { email, password, username: 'x', name: password })
  await user.request('POST', '/auth/register/verify', { email, otp: '000000' })
  await user.request('GET', `/nowhere/${encodeURIComponent(password)}?token=${password}`)
  await user.request('GET', `/tasks?cursor=${user.cookieHeader().slice(-40)}`)
  await user.request('PATCH', '/users/me', `{"bio": "${password}", `)
  await loseConnectionsDuringLogin(user)
  system.redis.freeze()
  await system.newUser().register()
  system.redis.thaw()
}

/** Ends every connection to Postgres in the middle of a sign-in. */
async function loseConnectionsDuringLogin(user: User): Promise<void> {
  const pausePoint = await system.pausePoint('audit_pending', 'insert')
  await pausePoint.arm()
  const login = user.login()
  await pausePoint.waitUntilReached()
  await system.inspector.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'muster-%'`,
  )
  await pausePoint.release()
  expect((await login).status).toBe(503)
}
