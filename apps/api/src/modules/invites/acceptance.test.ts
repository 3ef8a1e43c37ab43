import type { Role } from '@muster/policy'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient, type TestUser } from '../../testing/test-app.ts'
import { codeOf, login, register, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  accept,
  arrived,
  details,
  eventsOf,
  invited,
  letTimePass,
  mailedToken,
  newAccount,
  newEmail,
  noticesOf,
  rowOf,
  send,
  setUser,
  tokenOf,
  weekMs,
  withEmail,
} from './testing/invites-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const me = async (client: TestClient) => (await client.inject('GET', '/api/v1/users/me')).json().data?.user
const organizationOf = (id: string) =>
  api.db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const findUser = (email: string) => api.db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
const isInvalid = async (answer: ReturnType<typeof accept>) => {
  const response = await answer
  return response.statusCode === 400 && codeOf(response) === 'INVITE_INVALID'
}
const requireFactor = ({ organizationId }: TestUser, two_factor_method: string) =>
  api.db.updateTable('organizations').set({ two_factor_method }).where('id', '=', organizationId).execute()

describe('the details of an invitation', () => {
  test('can be read any number of times, and may not be cached', async () => {
    const operator = await api.signUp({ role: 'operator' })
    const { email, token } = await invited(api, operator, 'client_admin')
    const answers = await Promise.all(Array.from({ length: 20 }, () => details(api.connect(), token)))
    for (const answer of answers) {
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['cache-control']).toBe('no-store')
      expect(answer.json().data.invite).toEqual({
        email,
        role: 'client_admin',
        organizationName: 'Analytical Engines',
        invitedBy: { name: expect.any(String) },
        expiresAt: new Date(clock.now().getTime() + weekMs).toISOString(),
      })
    }
    expect((await accept(api.connect(), newAccount(token))).statusCode).toBe(201)
  })

  test('name the organization that a client_user will join', async () => {
    const admin = await api.signUp()
    const { token } = await invited(api, admin, 'client_user')
    const { name } = await organizationOf(admin.organizationId as string)
    expect((await details(api.connect(), token)).json().data.invite.organizationName).toBe(name)
  })

  test('do not reveal why a token is invalid', async () => {
    const admin = await api.signUp()
    const { id, email, token } = await invited(api, admin, 'client_user')
    const [mailId = '', secret = ''] = token.split('.')
    const welcome = await api.db
      .insertInto('email_messages')
      .values({ id: '01990000-0000-7000-8000-000000000000', template: 'welcome', to_address: email })
      .returning('id')
      .executeTakeFirstOrThrow()
    const used = await invited(api, admin, 'client_user')
    await accept(api.connect(), newAccount(used.token))
    const wrong = [
      'x',
      mailId,
      secret,
      id,
      `${mailId}.${'A'.repeat(43)}`,
      `${mailId}.${secret.slice(0, -1)}`,
      `${mailId.toUpperCase()}.${secret}`,
      tokenOf(api, welcome.id),
      used.token,
    ]
    const bodies = new Set<string>()
    for (const each of wrong) {
      const answer = await details(api.connect(), encodeURIComponent(each))
      expect([each, answer.statusCode]).toEqual([each, 400])
      const { error, ...rest } = answer.json()
      bodies.add(JSON.stringify({ ...rest, code: error.code, details: error.details }))
      expect(await isInvalid(accept(api.connect(), newAccount(each)))).toBe(true)
    }
    expect(bodies.size).toBe(1)
    expect([...bodies][0]).not.toContain(email)
  })
})

describe('a newcomer', () => {
  test.each([
    ['super_admin', 'site_admin', false],
    ['site_admin', 'operator', false],
    ['operator', 'client_admin', true],
    ['client_admin', 'client_user', true],
  ] as const)(
    'who is invited by a %s becomes a signed-in %s of the right organization',
    async (by, role, hasOrganization) => {
      const inviter = await api.signUp({ role: by })
      const { id, email, token } = await invited(api, inviter, role)
      const client = api.connect()
      const account = { ...newAccount(token), timezone: 'Europe/Berlin' }
      const answer = await accept(client, account)
      expect(answer.statusCode).toBe(201)
      const { user } = answer.json().data
      expect(user).toMatchObject({
        email,
        role,
        username: account.username,
        timezone: 'Europe/Berlin',
        hasPassword: true,
      })
      expect(user.organizationId !== null).toBe(hasOrganization)
      if (role === 'client_user') expect(user.organizationId).toBe(inviter.organizationId)
      if (role === 'client_admin')
        expect(await organizationOf(user.organizationId)).toMatchObject({
          name: 'Analytical Engines',
          is_personal: false,
        })
      expect(await me(client)).toMatchObject({ id: user.id, role, organizationId: user.organizationId })
      expect(await rowOf(api, id)).toMatchObject({ status: 'accepted', accepted_by: user.id, accepted_at: clock.now() })
      expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.accepted'])
      expect((await login(api.connect(), email)).statusCode).toBe(200)
    },
  )

  test('is created by one of twenty parallel requests; the others leave no trace', async () => {
    const inviter = await api.signUp({ role: 'operator' })
    const { id, email, token } = await invited(api, inviter, 'client_admin')
    const organizations = async () =>
      (await api.db.selectFrom('organizations').select('id').where('name', '=', 'Analytical Engines').execute()).length
    const before = await organizations()
    const accounts = Array.from({ length: 20 }, () => newAccount(token))
    const answers = await Promise.all(accounts.map((account) => accept(api.connect(), account)))
    const won = answers.filter(({ statusCode }) => statusCode === 201)
    expect(won).toHaveLength(1)
    for (const answer of answers.filter((answer) => answer !== won[0])) {
      // A later request finds the account.
      expect(['INVITE_INVALID', 'ALREADY_EXISTS']).toContain(codeOf(answer))
      expect(answer.headers['set-cookie']).toBeUndefined()
    }
    expect((await findUser(email))?.id).toBe(won[0]?.json().data.user.id)
    expect(await organizations()).toBe(before + 1)
    const usernames = accounts.map(({ username }) => username)
    expect(await api.db.selectFrom('users').select('id').where('username', 'in', usernames).execute()).toHaveLength(1)
    expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.accepted'])
    expect(await noticesOf(api, inviter.userId)).toHaveLength(1)
  })

  test('who is refused for a username or password can retry with the same link', async () => {
    const inviter = await api.signUp()
    const { email, token } = await invited(api, inviter, 'client_user')
    const client = api.connect()
    const taken = (await registered(api)).username
    expect(codeOf(await accept(client, { ...newAccount(token), username: taken }))).toBe('USERNAME_TAKEN')
    for (const password of ['Short1', 'alllowercase1', `A1-${email.split('@')[0]}`]) {
      const refused = await accept(client, { ...newAccount(token), password })
      expect([password, refused.statusCode, refused.json().error.details?.[0]?.path]).toEqual([
        password,
        400,
        'body.password',
      ])
    }
    expect(await findUser(email)).toBeUndefined()
    expect((await accept(client, newAccount(token))).statusCode).toBe(201)
  })

  test('sends all fields of an account, or is signed in and sends the token alone', async () => {
    const inviter = await api.signUp()
    const { token } = await invited(api, inviter, 'client_user')
    const { name, username, password } = newAccount(token)
    for (const [body, paths] of [
      [{ token, name }, ['body.username', 'body.password']],
      [{ token, timezone: 'UTC' }, ['body.name', 'body.username', 'body.password']],
      [{ token, name, username: 'x', password }, ['body.username']],
      [{ name, username, password }, ['body.token']],
      [{ token, name, username, password, role: 'super_admin' }, ['body.role']],
    ] as const) {
      const answer = await accept(api.connect(), body)
      const found = answer.json().error.details.map(({ path }: { path: string }) => path)
      expect([body, answer.statusCode, found]).toEqual([body, 400, paths])
    }
    expect(codeOf(await accept(api.connect(), { token }))).toBe('UNAUTHENTICATED')
    const ended = await registered(api)
    await ended.client.inject('POST', '/api/v1/auth/logout')
    expect(codeOf(await accept(ended.client, { token }))).toBe('UNAUTHENTICATED')
  })

  test('who has an account is told to sign in, and the invitation stays open', async () => {
    const { email, client } = await registered(api)
    const inviter = await api.signUp()
    const { token } = await invited(api, inviter, 'client_user', email)
    expect(codeOf(await accept(api.connect(), newAccount(token)))).toBe('ALREADY_EXISTS')
    expect((await accept(client, { token })).statusCode).toBe(200)
  })

  test('without the required second factor can set it up', async () => {
    const admin = await api.signUp()
    const { token } = await invited(api, admin, 'client_user')
    await requireFactor(admin, 'totp')
    const client = api.connect()
    expect((await accept(client, newAccount(token))).statusCode).toBe(201)
    expect(codeOf(await client.inject('GET', '/api/v1/tasks'))).toBe('TWO_FACTOR_REQUIRED')
    expect((await client.inject('POST', '/api/v1/auth/two-factor/totp/setup')).statusCode).toBe(200)
  })

  test('is refused from the expiry on, and accepted just before it', async () => {
    const inviter = await api.signUp()
    const early = await invited(api, inviter, 'client_user')
    const late = await invited(api, inviter, 'client_user')
    await letTimePass(api, clock, weekMs - 1)
    expect((await accept(api.connect(), newAccount(early.token))).statusCode).toBe(201)
    await letTimePass(api, clock, 1)
    expect(await isInvalid(accept(api.connect(), newAccount(late.token)))).toBe(true)
    expect(await isInvalid(details(api.connect(), late.token))).toBe(true)
  })
})

describe('an invitation is invalid once its inviter', () => {
  const changes: [why: string, role: Role, given: Role, change: (inviter: TestUser) => Promise<object>][] = [
    ['was demoted', 'site_admin', 'operator', async () => ({ role: 'operator' })],
    ['was demoted in their organization', 'client_admin', 'client_user', async () => ({ role: 'client_user' })],
    ['was deactivated', 'operator', 'client_admin', async () => ({ is_active: false })],
    ['asked to be deleted', 'operator', 'client_admin', async () => ({ deletion_requested_at: clock.now() })],
    [
      'moved to another organization',
      'client_admin',
      'client_user',
      async () => ({ organization_id: (await api.signUp()).organizationId }),
    ],
  ]
  test.each(changes)('%s', async (_why, role, given, change) => {
    const inviter = await api.signUp({ role })
    const { id, email, token } = await invited(api, inviter, given)
    const there = await withEmail(api, await api.signUp(), email)
    await setUser(api, inviter.userId, await change(inviter))
    expect(await isInvalid(details(api.connect(), token))).toBe(true)
    expect(await isInvalid(accept(there, { token }))).toBe(true)
    await setUser(api, there.userId, { email: newEmail() })
    expect(await isInvalid(accept(api.connect(), newAccount(token)))).toBe(true)
    expect((await rowOf(api, id)).status).toBe('pending')
  })

  test('stays valid when the inviter rises to a role that may send it too', async () => {
    const inviter = await api.signUp({ role: 'operator' })
    const { token } = await invited(api, inviter, 'client_admin')
    await setUser(api, inviter.userId, { role: 'site_admin' })
    expect((await accept(api.connect(), newAccount(token))).statusCode).toBe(201)
  })

  test('is demoted during twenty parallel acceptances', async () => {
    const admin = await api.signUp()
    const invitations = []
    for (let count = 0; count < 20; count++) invitations.push(await invited(api, admin, 'client_user'))
    const accepting = invitations.map(({ token }) => accept(api.connect(), newAccount(token)))
    await setUser(api, admin.userId, { role: 'client_user' })
    const answers = await Promise.all(accepting)
    for (const answer of answers) expect([201, 400]).toContain(answer.statusCode)
    const late = await Promise.all(invitations.map(({ token }) => accept(api.connect(), newAccount(token))))
    expect(late.map(codeOf)).toEqual(Array(20).fill('INVITE_INVALID'))
  })
})

test('while registration is closed a chain of invitations admits its users', async () => {
  const closed = await buildTestApp({ clock, config: { isSignupOpen: false } })
  const anybody = { username: 'anybody', name: 'Anybody', email: newEmail(), password: 'Str0ng-Enough' }
  const refused = await register(closed.connect(), anybody)
  expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'REGISTRATION_CLOSED'])
  let person: TestClient = await closed.signUp({ role: 'super_admin' })
  for (const role of ['site_admin', 'operator', 'client_admin', 'client_user'] as const) {
    const next = await arrived(closed, person, role)
    expect(next.user.role).toBe(role)
    person = next.client
  }
  expect((await send(person, { email: newEmail(), role: 'client_user' })).statusCode).toBe(403)
  const token = await mailedToken(closed, (await invited(closed, await closed.signUp(), 'client_user')).email)
  expect((await details(closed.connect(), token)).statusCode).toBe(200)
  await closed.close()
})
