import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { listAll } from '../notifications/testing/notifications-fixtures.ts'
import { login, mailsTo, password, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import { enableOtp, loginCode } from '../two-factor/testing/two-factor-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const newPassword = 'An0ther-Good-One'
const firefox = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0' }

test('a security event reaches its user by a notification and by a mail', async () => {
  const { client, email } = await registered(api)
  await login(api.connect(), email, password, firefox)
  await enableOtp(client)
  await client.inject('POST', '/api/v1/auth/two-factor/otp/confirm', { code: await loginCode(api, email) })
  const change = { currentPassword: password, newPassword }
  expect((await client.inject('POST', '/api/v1/auth/change-password', change)).statusCode).toBe(200)
  for (let tries = 0; tries < 5; tries++) await login(api.connect(), email, 'Wr0ng-Password')

  const alerts = (await listAll(client)).toReversed()
  expect(alerts.map(({ type, title }) => [type, title])).toEqual([
    ['security', 'New device'],
    ['security', 'Second factor changed'],
    ['security', 'Password changed'],
    ['security', 'Account locked'],
  ])
  expect(alerts[0]).toMatchObject({
    message:
      'Somebody signed in to your account from a new browser or network. This came from Firefox on Linux, 127.0.0.1.',
    data: { event: 'new-device', device: 'Firefox on Linux', ip: '127.0.0.1', at: clock.now().toISOString() },
  })
  const mails = (await mailsTo(api, email)).filter(({ template }) => alerts.some(({ data }) => data.event === template))
  expect(mails.map(({ template }) => template)).toEqual(alerts.map(({ data }) => data.event))
  // A mail that belongs to a notification is dropped once that was read; these belong to none.
  expect(mails.map(({ notification_id }) => notification_id)).toEqual([null, null, null, null])
})

test('a security alert is mailed to a user who turned its notifications off', async () => {
  const { client, email } = await registered(api)
  const notifications = { security: { inApp: false } }
  await client.inject('PUT', '/api/v1/users/me/preferences', { notifications })
  await client.inject('POST', '/api/v1/auth/change-password', { currentPassword: password, newPassword })
  expect(await listAll(client)).toEqual([])
  expect((await mailsTo(api, email)).map(({ template }) => template)).toContain('password-changed')
})
