import { mailCode } from '@muster/mail'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { createFlows, newUser, refused, webUrl } from '../sign-in/google/testing/google-flows.ts'
import { type OidcIssuer, startOidcIssuer } from '../sign-in/google/testing/oidc-issuer.ts'
import { mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  eventsOf,
  invited,
  newEmail,
  noticesOf,
  revoke,
  rowOf,
  setUser,
  withEmail,
} from './testing/invites-fixtures.ts'

let clock: ManualClock
let issuer: OidcIssuer
let api: TestApp
let flows: ReturnType<typeof createFlows>

beforeAll(async () => {
  clock = manualClock()
  issuer = await startOidcIssuer({})
  api = await buildTestApp({ clock, config: { google: issuer.settings, isSignupOpen: false } })
  flows = createFlows(api)
})
afterAll(async () => {
  await api.close()
  await issuer.stop()
})

const me = async (client: TestClient) => (await client.inject('GET', '/api/v1/users/me')).json().data?.user
const withToken = (token: string) => ({ query: `?inviteToken=${encodeURIComponent(token)}` })

describe('with Google, while registration is closed,', () => {
  test('a newcomer gets an account with the invitation’s role and organization, and no password', async () => {
    const admin = await api.signUp()
    const person = newUser({ name: 'Grace Hopper', zoneinfo: 'America/New_York' })
    const { id, token } = await invited(api, admin, 'client_user', person.email)
    const { client, location } = await flows.signIn(person, withToken(token))
    expect(location).toBe(webUrl)
    const user = await me(client)
    expect(user).toMatchObject({
      email: person.email,
      username: 'grace_hopper',
      name: 'Grace Hopper',
      timezone: 'America/New_York',
      role: 'client_user',
      organizationId: admin.organizationId,
      hasPassword: false,
      authProviders: ['google'],
    })
    expect(await rowOf(api, id)).toMatchObject({ status: 'accepted', accepted_by: user.id })
    expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.accepted'])
    expect(await noticesOf(api, admin.userId)).toHaveLength(1)
  })

  test('a user is linked and gets the invitation’s role and organization', async () => {
    const superAdmin = await api.signUp({ role: 'super_admin' })
    const person = newUser()
    const before = await withEmail(api, await api.signUp(), person.email)
    const { token } = await invited(api, superAdmin, 'operator', person.email)
    const { client, location } = await flows.signIn(person, withToken(token))
    expect(location).toBe(webUrl)
    expect(await me(client)).toMatchObject({
      id: before.userId,
      role: 'operator',
      organizationId: null,
      authProviders: ['google'],
    })
  })

  test('a user with a second factor accepts with the second step, not before', async () => {
    const person = newUser()
    const before = await withEmail(api, await api.signUp(), person.email)
    await setUser(api, before.userId, { two_factor_method: 'otp' })
    const admin = await api.signUp()
    const { id, token } = await invited(api, admin, 'client_user', person.email)
    const { client, location } = await flows.signIn(person, withToken(token))
    const challenge = new URLSearchParams(new URL(location).hash.slice(1)).get('challenge')
    expect((await rowOf(api, id)).status).toBe('pending')
    expect((await me(before)).organizationId).toBe(before.organizationId)
    const code = mailCode(api.deps.config.keys.mailCode, {
      template: 'login-code',
      emailId: (await mailsTo(api, person.email)).findLast(({ template }) => template === 'login-code')?.id as string,
    })
    const answer = await client.inject('POST', '/api/v1/auth/two-factor/verify', { challengeToken: challenge, code })
    expect([answer.statusCode, answer.json().data.user]).toMatchObject([
      200,
      { id: before.userId, role: 'client_user', organizationId: admin.organizationId },
    ])
    expect(await me(client)).toMatchObject({ role: 'client_user', organizationId: admin.organizationId })
    expect((await rowOf(api, id)).status).toBe('accepted')
  })

  test('an invitation of another address, a revoked one and an unknown one are refused', async () => {
    const admin = await api.signUp()
    const others = await invited(api, admin, 'client_user')
    const person = newUser()
    const revoked = await invited(api, admin, 'client_user', person.email)
    await revoke(admin, revoked.id)
    for (const token of [others.token, revoked.token, 'nonsense']) {
      const { client, location } = await flows.signIn(person, withToken(token))
      expect([location, await me(client)]).toEqual([refused('invite_invalid'), undefined])
    }
    expect((await flows.signIn(person)).location).toBe(refused('registration_closed'))
    const users = api.db.selectFrom('users').select('id').where('email', '=', person.email)
    expect(await users.execute()).toEqual([])
    expect((await rowOf(api, others.id)).status).toBe('pending')
  })

  test('a linked account with another e-mail cannot accept', async () => {
    const admin = await api.signUp()
    const person = newUser()
    const account = await withEmail(api, await api.signUp(), person.email)
    expect((await flows.signIn(person)).location).toBe(webUrl)
    await setUser(api, account.userId, { email: newEmail() })
    const { token } = await invited(api, admin, 'client_user', person.email)
    expect((await flows.signIn(person, withToken(token))).location).toBe(refused('invite_invalid'))
    expect((await me(account)).organizationId).toBe(account.organizationId)
  })

  test('an account that may not leave is refused, and not signed in', async () => {
    const person = newUser()
    const owner = await withEmail(api, await api.signUp(), person.email)
    await api.signUp({ role: 'client_user', organizationId: owner.organizationId as string })
    const { id, token } = await invited(api, await api.signUp(), 'client_user', person.email)
    const { client, location } = await flows.signIn(person, withToken(token))
    expect([location, await me(client)]).toEqual([refused('invite_refused'), undefined])
    expect((await rowOf(api, id)).status).toBe('pending')
  })

  test('a deactivated account is refused, and stays unchanged', async () => {
    const person = newUser()
    const account = await withEmail(api, await api.signUp(), person.email)
    const { id, token } = await invited(api, await api.signUp(), 'client_user', person.email)
    await setUser(api, account.userId, { is_active: false })
    expect((await flows.signIn(person, withToken(token))).location).toBe(refused('account_inactive'))
    expect((await rowOf(api, id)).status).toBe('pending')
  })

  test('one of ten browsers that return in parallel accepts', async () => {
    const admin = await api.signUp()
    const person = newUser()
    const { id, token } = await invited(api, admin, 'client_user', person.email)
    const begun = []
    for (let count = 0; count < 10; count++) begun.push(await flows.almost(person, withToken(token)))
    const ended = await Promise.all(begun.map(({ client, callback }) => flows.comeBack(client, callback)))
    expect(ended.filter(({ location }) => location === webUrl).length).toBeGreaterThanOrEqual(1)
    for (const { location } of ended) expect([webUrl, refused('invite_invalid')]).toContain(location)
    expect(await eventsOf(api, id)).toEqual(['invite.created', 'invite.accepted'])
    const users = api.db.selectFrom('users').select('id').where('email', '=', person.email)
    expect(await users.execute()).toHaveLength(1)
  })
})
