import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  accept,
  details,
  inviteOf,
  mailedToken,
  newAccount,
  send,
} from '../modules/invites/testing/invites-fixtures.ts'
import {
  codeOf,
  login,
  mailedCode,
  mailsTo,
  newUser,
  password,
  register,
  verify,
} from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

let clock: ManualClock
let api: TestApp
beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

/** Spellings of one address, in which the first is that of an answer and the second that of the database. */
const spellings = (name: string) => [
  `${name}@bücher.example`,
  `${name}@xn--bcher-kva.example`,
  ` ${name.toUpperCase()}@BÜCHER.EXAMPLE\n`,
  `${name}＠bu\u0308cher。example`,
  `\u200b${name}@XN--BCHER-KVA.example`,
]

test('an address of an international domain is one user in every spelling', async () => {
  const [shown = '', stored = '', ...others] = spellings('ada')
  const user = { ...newUser(), email: shown }
  const client = api.connect()
  expect((await register(client, user)).statusCode).toBe(202)
  for (const email of [stored, ...others])
    expect(codeOf(await register(api.connect(), { ...newUser(), email }))).toBe('COOLDOWN')
  const created = await verify(client, others[0] as string, await mailedCode(api, stored))
  expect(created.json().data.user.email).toBe(shown)

  for (const email of spellings('ada')) expect((await login(api.connect(), email, password)).statusCode).toBe(200)
  await api.redis.flushdb()
  for (const email of spellings('ada')) await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email })
  expect((await mailsTo(api, stored)).filter(({ template }) => template === 'password-reset')).toHaveLength(1)
})

test('an address of an international domain has one invitation, found and accepted by it', async () => {
  const operator = await api.signUp({ role: 'operator' })
  const [shown = '', stored = '', ...others] = spellings('grace')
  const invite = (email: string) => send(operator, inviteOf('client_admin', email))
  expect((await invite(stored)).json().data.invite.email).toBe(shown)
  for (const email of [shown, ...others]) expect(codeOf(await invite(email))).toBe('INVITE_OPEN')
  const token = await mailedToken(api, stored)
  expect((await details(api.connect(), token)).json().data.invite.email).toBe(shown)
  expect((await accept(api.connect(), newAccount(token))).json().data.user.email).toBe(shown)

  const admin = await api.signUp({ role: 'super_admin' })
  for (const email of spellings('grace')) {
    const q = encodeURIComponent(email)
    const { users } = (await admin.inject('GET', `/api/v1/admin/users?q=${q}`)).json().data
    expect(users.map((user: { email: string }) => user.email)).toEqual([shown])
    const { emails } = (await admin.inject('GET', `/api/v1/admin/emails?to=${q}`)).json().data
    expect(new Set(emails.map(({ to }: { to: string }) => to))).toEqual(new Set([shown]))
  }
})

test.each([
  'a&b@example.test',
  'x~y@example.test',
  'a/b=c@example.test',
  "!#$%&'*+-/=?^_`{|}~@example.test",
  'ivan@example.xn--p1ai',
  'ivan@пример.рф',
  'taro@例え.テスト',
])('a user with the address %s registers, signs in and is shown with it', async (email) => {
  const user = { ...newUser(), email }
  const client = api.connect()
  await register(client, user)
  const stored = (
    await api.db.selectFrom('email_messages').select('to_address').orderBy('id', 'desc').executeTakeFirst()
  )?.to_address as string
  const shown = email === 'ivan@example.xn--p1ai' ? 'ivan@example.рф' : email
  expect((await verify(client, email, await mailedCode(api, stored))).json().data.user.email).toBe(shown)
  expect((await login(api.connect(), email)).statusCode).toBe(200)
  const read = async (path: string) => (await client.inject('GET', `/api/v1/${path}`)).json().data
  expect((await read('users/me')).user.email).toBe(shown)
  expect((await read('auth/session')).user.email).toBe(shown)
  expect((await read('organization/members')).members[0].email).toBe(shown)
  expect((await read(`organization/members?q=${encodeURIComponent(email)}`)).members[0].email).toBe(shown)
})

test('what is the matter with an address is said in words', async () => {
  const answer = await register(api.connect(), { ...newUser(), email: 'jörg@example.com' })
  expect(answer.json().error.details).toMatchObject([
    { path: 'body.email', message: 'has a letter or sign before the @ that is not one of a–z, which is not supported' },
  ])
})
