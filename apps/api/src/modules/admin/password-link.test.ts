import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { codeOf, login, mailedResetToken, mailsTo, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import { changeUser, eventsOf, tally, userUrl } from './testing/admin-fixtures.ts'

let api: TestApp
let admin: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'site_admin' })
})
afterAll(() => api.close())

const sendLink = (userId: string) =>
  admin.inject('POST', `${userUrl(userId)}/password-link`, { note: 'Called the help desk.' })
const refusalOf = async (userId: string) =>
  dataOf(await admin.inject('GET', `${userUrl(userId)}/consequences?action=sendPasswordLink`)).consequences.refusal
const linksTo = async (email: string) =>
  (await mailsTo(api, email)).filter(({ template }) => template === 'password-reset')

test('an administrator sends a link with which the user sets a new password, and the log tells who and why', async () => {
  const person = await registered(api)
  expect(await refusalOf(person.id)).toBeNull()
  expect((await sendLink(person.id)).statusCode).toBe(202)
  expect((await person.client.inject('GET', '/api/v1/users/me')).statusCode).toBe(200)
  expect(await eventsOf(api, 'auth.password_reset_requested', person.id)).toMatchObject([
    { actor_id: admin.userId, after: { note: 'Called the help desk.' } },
  ])
  const token = await mailedResetToken(api, person.email)
  const password = 'Quiet Hills 8 at Noon'
  const answer = await api.connect().inject('POST', '/api/v1/auth/reset-password', { token, password })
  expect(answer.statusCode).toBe(200)
  expect((await login(api.connect(), person.email, password)).statusCode).toBe(200)
})

test('the limit of mails is that of the user’s own requests', async () => {
  const { userId, email } = await api.signUp()
  expect(tally([await sendLink(userId), await sendLink(userId)])).toEqual({ 202: 1, 429: 1 })
  const refused = await sendLink(userId)
  expect([codeOf(refused), Number(refused.headers['retry-after'])]).toEqual(['COOLDOWN', expect.any(Number)])
  await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email })
  expect(await linksTo(email)).toHaveLength(1)
})

test('a deactivated account and a suppressed address get no link, which is told beforehand', async () => {
  const { userId, email } = await api.signUp()
  await changeUser(admin, userId, { isActive: false })
  const inactive = await sendLink(userId)
  expect([codeOf(inactive), inactive.json().message]).toEqual(['CONFLICT', expect.stringContaining('deactivated')])
  expect((await refusalOf(userId)).message).toBe(inactive.json().message)
  await changeUser(admin, userId, { isActive: true })
  await api.db.insertInto('email_suppressions').values({ address: email, reason: 'no such user' }).execute()
  const suppressed = await sendLink(userId)
  expect([codeOf(suppressed), suppressed.json().message]).toEqual(['CONFLICT', expect.stringContaining('suppressed')])
  expect((await refusalOf(userId)).message).toBe(suppressed.json().message)
  expect(await linksTo(email)).toHaveLength(0)
  await api.db.deleteFrom('email_suppressions').where('address', '=', email).execute()
  expect((await sendLink(userId)).statusCode).toBe(202)
})
