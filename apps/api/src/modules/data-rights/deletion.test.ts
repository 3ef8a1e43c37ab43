import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { codeOf, login, password, registered, templatesTo } from '../sign-in/testing/sign-in-fixtures.ts'
import { askToConfirm, challenged, loginCode, verify, withOtp } from '../two-factor/testing/two-factor-fixtures.ts'

const clock = manualClock(new Date('2026-11-21T09:00:00.000Z'))
let api: TestApp

beforeAll(async () => {
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const me = '/api/v1/users/me'
const remove = (client: TestClient, body: object = { password }) => client.inject('DELETE', me, body)
const rowOf = (email: string) =>
  api.db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirstOrThrow()
const actionsOf = async (userId: string) =>
  (
    await api.db
      .selectFrom('audit_pending')
      .select('action')
      .where('target_id', '=', userId)
      .where('action', 'like', 'user.deletion%')
      .orderBy('id')
      .execute()
  ).map(({ action }) => action)

/** Signs up a member without a password, like users who signed up with Google. */
const member = (admin: TestUser, role: 'client_admin' | 'client_user' = 'client_user') =>
  api.signUp({ role, organizationId: admin.organizationId as string })
/** Deletes an account that has no password. */
const removeByCode = async (person: TestUser) => {
  clock.advance(60_000)
  await askToConfirm(person)
  return remove(person, { code: await loginCode(api, person.email) })
}

test('a requested deletion ends all sessions, clears cookies and mails until when it can be cancelled', async () => {
  const { client, email } = await registered(api)
  const other = api.connect()
  await login(other, email)
  const { id } = await rowOf(email)
  const answer = await remove(client)
  expect([answer.statusCode, answer.json().message]).toEqual([200, expect.stringContaining('2026-12-21')])
  expect(client.cookies.has('muster_at')).toBe(false)
  expect(answer.headers['clear-site-data']).toBe('"cache", "storage"')
  for (const one of [client, other]) expect((await one.inject('GET', me)).statusCode).toBe(401)
  expect((await rowOf(email)).deletion_requested_at).toEqual(clock.now())
  const mail = await api.db
    .selectFrom('email_messages')
    .select('data')
    .where('to_address', '=', email)
    .where('template', '=', 'account-deleted')
    .execute()
  expect(mail).toMatchObject([{ data: { until: new Date(clock.now().getTime() + 30 * 86_400_000).toISOString() } }])
  expect(await actionsOf(id)).toEqual(['user.deletion_requested'])
  const sessions = await api.db.selectFrom('sessions').select('revoked_reason').where('user_id', '=', id).execute()
  expect(new Set(sessions.map(({ revoked_reason }) => revoked_reason))).toEqual(new Set(['account deleted']))
})

test('a complete sign-in cancels the deletion, a first step alone does not', async () => {
  const { client, email } = await registered(api)
  const { id } = await rowOf(email)
  await remove(client)
  clock.advance(29 * 86_400_000)
  expect((await login(api.connect(), email)).statusCode).toBe(200)
  expect((await rowOf(email)).deletion_requested_at).toBeNull()
  expect(await actionsOf(id)).toEqual(['user.deletion_requested', 'user.deletion_cancelled'])

  const careful = await withOtp(api, clock)
  await remove(careful.client)
  clock.advance(60_000)
  const challenge = await challenged(api, careful.email)
  expect((await rowOf(careful.email)).deletion_requested_at).not.toBeNull()
  const signedIn = await verify(api.connect(), challenge, await loginCode(api, careful.email))
  expect(signedIn.statusCode).toBe(200)
  expect((await rowOf(careful.email)).deletion_requested_at).toBeNull()
})

test('after sign-ins and a deletion at once, the account is either kept or signed out', async () => {
  for (let round = 0; round < 10; round++) {
    const { client, email } = await registered(api)
    const others = Array.from({ length: 4 }, () => api.connect())
    await Promise.all([remove(client), ...others.map((other) => login(other, email))])
    const { id, deletion_requested_at } = await rowOf(email)
    const open = await api.db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', id)
      .where('revoked_at', 'is', null)
      .execute()
    expect(open.length > 0).toBe(deletion_requested_at === null)
  }
})

test('a deletion needs the password, or for an account without one the mailed code', async () => {
  const { client, email } = await registered(api)
  expect(codeOf(await remove(client, {}))).toBe('VALIDATION_FAILED')
  expect(codeOf(await remove(client, { password: 'Wr0ng-Password' }))).toBe('INVALID_CREDENTIALS')
  expect(codeOf(await remove(client, { password, sure: true }))).toBe('VALIDATION_FAILED')
  expect((await rowOf(email)).deletion_requested_at).toBeNull()

  const person = await api.signUp()
  expect(codeOf(await remove(person, { code: '000000' }))).toBe('OTP_INVALID')
  expect(codeOf(await remove(person, { password }))).toBe('VALIDATION_FAILED')
  expect((await removeByCode(person)).statusCode).toBe(200)
  expect(await templatesTo(api, person.email)).toEqual(['login-code', 'account-deleted'])
})

test('the last client_admin of an organization with members cannot request deletion', async () => {
  const admin = await api.signUp()
  const user = await member(admin)
  expect(codeOf(await removeByCode(admin))).toBe('LAST_ADMIN')
  // A member who requested deletion may cancel it, and would then find no admin.
  expect((await removeByCode(user)).statusCode).toBe(200)
  expect(codeOf(await removeByCode(admin))).toBe('LAST_ADMIN')
  const deputy = await member(admin, 'client_admin')
  await api.db.updateTable('users').set({ is_active: false }).where('id', '=', deputy.userId).execute()
  expect(codeOf(await removeByCode(admin))).toBe('LAST_ADMIN')
  await api.db.updateTable('users').set({ is_active: true }).where('id', '=', deputy.userId).execute()
  expect((await removeByCode(admin)).statusCode).toBe(200)
  expect(codeOf(await removeByCode(deputy))).toBe('LAST_ADMIN')
})

test('of all client_admins who request deletion at once, one has to stay', async () => {
  const first = await api.signUp()
  const admins = [first, await member(first, 'client_admin'), await member(first, 'client_admin')]
  await Promise.all(admins.map(askToConfirm))
  const codes = await Promise.all(admins.map(({ email }) => loginCode(api, email)))
  const answers = await Promise.all(admins.map((admin, index) => remove(admin, { code: codes[index] })))
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 409])
})

test('a user who requested deletion is not found, and is found again after cancelling it', async () => {
  const { client, email, username } = await registered(api)
  const looking = await api.signUp()
  const found = async () => (await looking.inject('GET', `/api/v1/users?q=${username}`)).json().data.users.length
  expect(await found()).toBe(1)
  await remove(client)
  expect(await found()).toBe(0)
  await login(api.connect(), email)
  expect(await found()).toBe(1)
})
