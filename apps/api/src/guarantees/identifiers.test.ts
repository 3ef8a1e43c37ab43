/* Names and addresses with characters that Unicode folds into ASCII never match the name of another user. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { accept, invited, newAccount, send } from '../modules/invites/testing/invites-fixtures.ts'
import { codeOf, login, mailsTo, newUser, register, registered } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

let api: TestApp
let mike: { id: string; username: string; email: string; client: TestUser }
let admin: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  admin = await api.signUp({ role: 'super_admin' })
  const client = await api.signUp()
  mike = { id: client.userId, username: 'mike_stone', email: 'mike.stone@example.test', client }
  const { id: _, client: __, ...names } = mike
  await api.db.updateTable('users').set(names).where('id', '=', mike.id).execute()
})
afterAll(() => api.close())

/** Names that a folding of Unicode (simple, full, NFKC, Turkish) turns into `mike_stone`. */
const disguises = [
  ['KELVIN SIGN', 'mi\u212Ae_stone'],
  ['LONG S', 'mike_\u017Ftone'],
  ['a full-width letter', '\uff4dike_stone'],
  ['a full-width capital', '\uff2dike_stone'],
  ['a mathematical letter', '\u{1d426}ike_stone'],
  ['a circled letter', '\u24dcike_stone'],
  ['a ligature', 'mike_\ufb06one'],
  ['dotted İ', 'm\u0130ke_stone'],
  ['dotless ı', 'm\u0131ke_stone'],
  ['a full-width low line', 'mike\uff3fstone'],
] as const

describe.each(disguises)('with %s', (_name, disguise) => {
  const email = `${disguise.replace('_', '.').replace('\uff3f', '.\u200d')}@example.test`

  test('no user signs in, registers or resets a password as another user', async () => {
    const before = (await mailsTo(api, mike.email)).length
    const answers = [
      await login(api.connect(), email),
      await register(api.connect(), { ...newUser(), email }),
      await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email }),
      await api.connect().inject('POST', '/api/v1/auth/register/verify', { email, otp: '123456' }),
      await send(mike.client, { email, role: 'client_user' }),
    ]
    for (const answer of answers) {
      expect(codeOf(answer)).toBe('VALIDATION_FAILED')
      expect(answer.json().error.details).toMatchObject([{ path: 'body.email' }])
    }
    expect(await mailsTo(api, mike.email)).toHaveLength(before)
  })

  test('a username is refused wherever it can be set', async () => {
    const invitation = await invited(api, mike.client, 'client_user')
    const answers = [
      await register(api.connect(), { ...newUser(), username: disguise }),
      await accept(api.connect(), { ...newAccount(invitation.token), username: disguise }),
      await mike.client.inject('PATCH', '/api/v1/users/me', { username: disguise }),
    ]
    for (const answer of answers) expect(answer.json().error.details).toMatchObject([{ path: 'body.username' }])
  })

  test('a search does not find the user with the ASCII username', async () => {
    const stranger = await api.signUp()
    const found = async (as: TestUser, path: string) =>
      (await as.inject('GET', `/api/v1/${path}?q=${encodeURIComponent(disguise)}`)).json().data.users
    // NFC, which every text is in, has no KELVIN SIGN: it is the letter K. Only what identifies an account tells them apart.
    const isCanonical = disguise.normalize('NFC') === disguise
    for (const users of [await found(stranger, 'users'), await found(admin, 'admin/users')])
      expect(users.map(({ id }: { id: string }) => id)).toEqual(isCanonical ? [] : [mike.id])
  })

  test('a search by address is refused', async () => {
    const answer = await admin.inject('GET', `/api/v1/admin/emails?to=${encodeURIComponent(email)}`)
    expect(answer.json().error.details).toMatchObject([{ path: 'query.to' }])
  })
})

test.each(['mi\u212Ae@example.test', 'mike@example', `${'a'.repeat(250)}@example.test`, '\uff4dike@example.test'])(
  'BOOTSTRAP_ADMIN_EMAIL %s is refused at start',
  (address) => {
    expect(() => readConfig({ BOOTSTRAP_ADMIN_EMAIL: address })).toThrow(/^ {2}- BOOTSTRAP_ADMIN_EMAIL: /m)
  },
)

test('BOOTSTRAP_ADMIN_PASSWORD that is not UTF-8 is refused at start', () => {
  expect(() => readConfig({ BOOTSTRAP_ADMIN_PASSWORD: 'Stra\ufffde-Nummer-7' })).toThrow(
    'BOOTSTRAP_ADMIN_PASSWORD: is not UTF-8',
  )
})

test('capitals and surrounding spaces make no difference to an address or username', async () => {
  const { email, username, id } = await registered(api)
  expect((await login(api.connect(), ` ${email.toUpperCase()} `)).statusCode).toBe(200)
  const search = `/api/v1/users?q=${encodeURIComponent(` ${username.toUpperCase()} `)}`
  const { users } = (await (await api.signUp()).inject('GET', search)).json().data
  expect(users).toMatchObject([{ id }])
})

test('a password with a disguised name is refused', async () => {
  const newcomer = { ...newUser(), username: `miskatonic_${Date.now() % 100_000}` }
  for (const disguised of ['MI\u017FKATONIC', 'mis\u212Aatonic', '\uff4d\uff49skatonic']) {
    const password = `xX-${newcomer.username.replace(/miskatonic/, disguised)}-7`
    const answer = await register(api.connect(), { ...newcomer, password })
    expect(answer.json().error.details).toMatchObject([{ path: 'body.password' }])
  }
})

describe('an id in capitals (RFC 9562) is the same id', () => {
  test.each([
    ['a friend request to oneself', 'POST', '/friends/requests', (id: string) => ({ userId: id })],
    ['blocking oneself', 'POST', '/friends/:id/block'],
    ['changing one’s own role', 'PATCH', '/organization/members/:id', () => ({ role: 'client_user' })],
    ['deactivating oneself', 'PATCH', '/organization/members/:id', () => ({ isActive: false })],
    ['leaving an organization of one’s own', 'DELETE', '/organization/members/:id'],
    ['an administrator changing their own role', 'PATCH', '/admin/users/:id', () => ({ role: 'operator' })],
    ['reading the own profile', 'GET', '/users/:id'],
  ] as const)('in %s', async (action, method, path, body?: (id: string) => Record<string, unknown>) => {
    const user = action.startsWith('an administrator') ? admin : await api.signUp()
    const send = async (id: string) => {
      const answer = await user.inject(method, `/api/v1${path.replace(':id', id)}`, body?.(id))
      const { requestId: _, ...error } = answer.json().error ?? {}
      return [answer.statusCode, error]
    }
    expect(await send(user.userId.toUpperCase())).toEqual(await send(user.userId))
  })

  test('when a session ends itself', async () => {
    const user = await api.signUp()
    const answer = await user.inject('DELETE', `/api/v1/auth/sessions/${user.sessionId.toUpperCase()}`)
    expect(answer.statusCode).toBe(200)
    expect([...user.cookies.keys()].filter((name) => name.endsWith('_at'))).toEqual([])
  })

  test('when an administrator ends the sessions of a user', async () => {
    const user = await api.signUp()
    const path = `/api/v1/admin/users/${user.userId.toUpperCase()}`
    expect((await admin.inject('POST', `${path}/revoke-sessions`)).json().data).toMatchObject({ ended: 1 })
    expect(
      (await admin.inject('GET', `/api/v1/admin/audit-events?actorId=${user.userId.toUpperCase()}`)).statusCode,
    ).toBe(200)
  })
})
