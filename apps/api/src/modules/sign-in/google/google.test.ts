import { mailCode } from '@muster/mail'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../../testing/test-app.ts'
import { createFlows, newUser, refused, webUrl } from './testing/google-flows.ts'
import { type OidcIssuer, startOidcIssuer } from './testing/oidc-issuer.ts'

let clock: ManualClock
let issuer: OidcIssuer
let api: TestApp
let flows: ReturnType<typeof createFlows>

beforeAll(async () => {
  clock = manualClock()
  issuer = await startOidcIssuer({})
  api = await buildTestApp({ clock, config: { google: issuer.settings } })
  flows = createFlows(api)
})
afterAll(async () => {
  await api.close()
  await issuer.stop()
})

const me = async (client: TestClient) => (await client.inject('GET', '/api/v1/users/me')).json().data?.user
const isSignedIn = async (client: TestClient) => (await client.inject('GET', '/api/v1/users/me')).statusCode === 200
const findUsers = (email: string) => api.db.selectFrom('users').selectAll().where('email', '=', email).execute()
const mailsTo = (email: string) =>
  api.db.selectFrom('email_messages').select(['id', 'template']).where('to_address', '=', email).orderBy('id').execute()
const auditsOf = async (targetId: string) =>
  (
    await api.db
      .selectFrom('audit_pending')
      .selectAll()
      .where('target_id', '=', targetId)
      .where('action', '<>', 'access.denied')
      .orderBy('id')
      .execute()
  ).map(({ action }) => action)
const noticesOf = (userId: string) =>
  api.db.selectFrom('notifications').select(['type', 'title']).where('user_id', '=', userId).orderBy('id').execute()
const setUser = (id: string, changes: object) => api.db.updateTable('users').set(changes).where('id', '=', id).execute()

const challengeIn = (location: string) => Object.fromEntries(new URLSearchParams(new URL(location).hash.slice(1)))
const verify = (client: TestClient, challengeToken: string | undefined, code: string) =>
  client.inject('POST', '/api/v1/auth/two-factor/verify', { challengeToken, code })

/** Derives the code of the latest mail to the address, as the email worker does. */
async function mailedCode(email: string): Promise<string> {
  const { id: emailId } = (await mailsTo(email)).at(-1) as { id: string }
  return mailCode(api.deps.config.keys.mailCode, { template: 'login-code', emailId })
}

describe('a newcomer', () => {
  test('gets an account with a personal organization, a session and a welcome mail', async () => {
    const person = newUser({ name: '  Ádá Lovelace-King ', zoneinfo: 'Europe/London' })
    const { client, answer, location } = await flows.signIn(person)
    expect([answer.statusCode, location, answer.headers['cache-control']]).toEqual([302, webUrl, 'no-store'])
    const user = await me(client)
    expect(user).toMatchObject({
      username: 'ada_lovelace_king',
      name: 'Ádá Lovelace-King',
      email: person.email,
      role: 'client_admin',
      timezone: 'Europe/London',
      hasPassword: false,
      authProviders: ['google'],
    })
    const organization = api.db.selectFrom('organizations').selectAll().where('id', '=', user.organizationId)
    expect(await organization.executeTakeFirst()).toMatchObject({ is_personal: true, name: 'Ádá Lovelace-King' })
    expect(await mailsTo(person.email)).toMatchObject([{ template: 'welcome' }])
    expect(await auditsOf(user.id)).toEqual(['user.registered'])
  })

  test('is recognized later, even after the e-mail changes at Google', async () => {
    const person = newUser()
    const first = await me((await flows.signIn(person)).client)
    const again = await me((await flows.signIn({ ...person, email: 'elsewhere@example.test' })).client)
    expect(again).toMatchObject({ id: first.id, email: person.email })
    expect(await mailsTo(person.email)).toHaveLength(1)
  })

  test('without a usable name gets a username that reveals nothing of the e-mail', async () => {
    for (const name of ['李', undefined, '\u0000 \u200b']) {
      const user = await me((await flows.signIn(newUser({ name }))).client)
      expect(user.username).toMatch(/^user_[a-z0-9]{4}$/)
      expect(user.name).toBe(name === '李' ? '李' : user.username)
    }
  })

  test('in twenty parallel sign-ins gets one account, one welcome mail and twenty sessions', async () => {
    const { name: _, ...nameless } = newUser()
    const person = newUser()
    const othersOfSub = Array.from({ length: 10 }, (_, nth) => ({
      ...newUser(),
      sub: person.sub,
      email: `n${nth}@a.test`,
    }))
    const begun = await Promise.all([...Array(10).fill(nameless), ...othersOfSub].map((who) => flows.almost(who)))
    const ended = await Promise.all(begun.map(({ client, callback }) => flows.comeBack(client, callback)))
    expect(ended.map(({ location }) => location)).toEqual(Array(20).fill(webUrl))
    const users: { id: string; email: string }[] = await Promise.all(ended.map(({ client }) => me(client)))
    expect(new Set(users.slice(0, 10).map(({ id }) => id)).size).toBe(1)
    expect(new Set(users.slice(10).map(({ id }) => id)).size).toBe(1)
    const emails = new Set([nameless, ...othersOfSub].map(({ email }) => email))
    const greetings = api.db
      .selectFrom('email_messages')
      .select('id')
      .where('to_address', 'in', [...emails])
    expect(await greetings.execute()).toHaveLength(2)
  })

  test('gets a username although twenty others of that name register in parallel', async () => {
    const begun = await Promise.all(Array.from({ length: 20 }, () => flows.almost(newUser({ name: 'Kim Kim' }))))
    const ended = await Promise.all(begun.map(({ client, callback }) => flows.comeBack(client, callback)))
    const usernames = await Promise.all(ended.map(async ({ client }) => (await me(client)).username as string))
    expect(new Set(usernames).size).toBe(20)
    expect(usernames.filter((username) => username === 'kim_kim')).toHaveLength(1)
    expect(usernames.every((username) => /^kim_kim(_[a-z0-9]{4})?$/.test(username))).toBe(true)
  })

  test('is remembered for 30 days when the flow began with rememberMe', async () => {
    const { client } = await flows.signIn(newUser(), { query: '?rememberMe=true' })
    const { sessions } = (await client.inject('GET', '/api/v1/auth/sessions')).json().data
    expect(Date.parse(sessions[0].expiresAt) - clock.now().getTime()).toBe(30 * 86_400_000)
  })

  test('whose e-mail Google has not verified is refused', async () => {
    for (const claims of [
      { email_verified: false },
      { email_verified: 'true' },
      { email: undefined },
      { email: 'no' },
    ]) {
      const person = newUser(claims)
      const { client, location } = await flows.signIn(person)
      expect(location).toBe(refused('email_unverified'))
      expect(await isSignedIn(client)).toBe(false)
      expect(await findUsers(String(person.email))).toEqual([])
    }
  })
})

describe('a user with an account', () => {
  test('is linked by the verified e-mail, and notified', async () => {
    const owner = await api.signUp()
    expect((await me(owner)).authProviders).toEqual([])
    const { client, location } = await flows.signIn(newUser({ email: owner.email.toUpperCase() }))
    expect(location).toBe(webUrl)
    expect(await me(client)).toMatchObject({ id: owner.userId, authProviders: ['google'] })
    expect(await noticesOf(owner.userId)).toEqual([{ type: 'security', title: 'Google linked' }])
    expect(await auditsOf(owner.userId)).toEqual(['user.google_linked'])
  })

  test('is linked once by twenty parallel sign-ins', async () => {
    const owner = await api.signUp()
    const person = newUser({ email: owner.email })
    const begun = await Promise.all(Array.from({ length: 20 }, () => flows.almost(person)))
    const ended = await Promise.all(begun.map(({ client, callback }) => flows.comeBack(client, callback)))
    expect(ended.map(({ location }) => location)).toEqual(Array(20).fill(webUrl))
    expect(await noticesOf(owner.userId)).toHaveLength(1)
    expect(await auditsOf(owner.userId)).toEqual(['user.google_linked'])
  })

  test('is not linked by an e-mail that Google has not verified', async () => {
    const owner = await api.signUp()
    const { client, location } = await flows.signIn(newUser({ email: owner.email, email_verified: false }))
    expect([location, await isSignedIn(client)]).toEqual([refused('email_unverified'), false])
    expect(await findUsers(owner.email)).toMatchObject([{ google_id: null }])
  })

  test('who is linked cannot be taken over by another Google account with the same e-mail', async () => {
    const person = newUser()
    await flows.signIn(person)
    const { client, location } = await flows.signIn({ ...newUser(), email: person.email })
    expect([location, await isSignedIn(client)]).toEqual([refused('already_linked'), false])
  })

  test('who is deactivated is refused and not linked, and the attempt is recorded', async () => {
    const [person, owner] = [newUser(), await api.signUp()]
    const { id } = await me((await flows.signIn(person)).client)
    await setUser(id, { is_active: false })
    await setUser(owner.userId, { is_active: false })
    for (const [who, userId] of [
      [person, id],
      [newUser({ email: owner.email }), owner.userId],
    ] as const) {
      const { client, location } = await flows.signIn(who)
      expect([location, await isSignedIn(client)]).toEqual([refused('account_inactive'), false])
      expect((await auditsOf(userId)).at(-1)).toBe('auth.login_failed')
    }
    expect(await findUsers(owner.email)).toMatchObject([{ google_id: null }])
  })

  test('with a second factor gets its challenge in the fragment, and no session before', async () => {
    const person = newUser()
    const { id } = await me((await flows.signIn(person)).client)
    await setUser(id, { two_factor_method: 'otp' })
    const { client, location } = await flows.signIn(person)
    const url = new URL(location)
    expect([url.origin + url.pathname, url.search, await isSignedIn(client)]).toEqual([`${webUrl}/login`, '', false])
    const { challenge, method, expiresAt } = challengeIn(location)
    expect([method, Date.parse(expiresAt ?? '') > clock.now().getTime()]).toEqual(['otp', true])
    expect((await verify(client, challenge, await mailedCode(person.email))).statusCode).toBe(200)
    expect(await isSignedIn(client)).toBe(true)
  })

  test('with a second factor is linked by the first step, and notified', async () => {
    const owner = await api.signUp()
    await setUser(owner.userId, { two_factor_method: 'otp' })
    expect((await me(owner)).authProviders).toEqual([])
    const { client, location } = await flows.signIn(newUser({ email: owner.email }))
    expect([challengeIn(location).method, await isSignedIn(client)]).toEqual(['otp', false])
    expect((await me(owner)).authProviders).toEqual(['google'])
    expect(await noticesOf(owner.userId)).toHaveLength(1)
  })

  test('without the second factor that their organization requires may only set it up', async () => {
    const person = newUser()
    const { organizationId } = await me((await flows.signIn(person)).client)
    const policy = { two_factor_method: 'otp' }
    await api.db.updateTable('organizations').set(policy).where('id', '=', organizationId).execute()
    const { client, location } = await flows.signIn(person)
    const tasks = await client.inject('GET', '/api/v1/tasks')
    expect([location, tasks.statusCode, tasks.json().error.code]).toEqual([webUrl, 403, 'TWO_FACTOR_REQUIRED'])
    expect((await client.inject('POST', '/api/v1/auth/two-factor/otp/enable')).statusCode).toBe(202)
  })
})

describe('unlinking', () => {
  const unlink = (client: TestClient) => client.inject('DELETE', '/api/v1/auth/google')
  const linkedWithPassword = async () => {
    const { client } = await flows.signIn(newUser())
    const { id } = await me(client)
    await setUser(id, { password_hash: 'something' })
    return { client, id }
  }

  test('is refused while it is the only way to sign in', async () => {
    const { client } = await flows.signIn(newUser())
    const answer = await unlink(client)
    expect([answer.statusCode, answer.json().error.code]).toEqual([409, 'CONFLICT'])
    expect((await me(client)).authProviders).toEqual(['google'])
  })

  test('requires the password in a session older than 15 minutes', async () => {
    const { client } = await linkedWithPassword()
    clock.advance(16 * 60_000)
    const answer = await unlink(client)
    expect([answer.statusCode, answer.json().error.details[0].path]).toEqual([400, 'body.password'])
  })

  test('takes effect in the next profile response, is recorded and notified', async () => {
    const { client, id } = await linkedWithPassword()
    expect((await unlink(client)).statusCode).toBe(200)
    expect(await me(client)).toMatchObject({ id, authProviders: ['local'] })
    expect((await auditsOf(id)).at(-1)).toBe('user.google_unlinked')
    expect(await noticesOf(id)).toEqual([{ type: 'security', title: 'Google unlinked' }])
  })

  test('ends a sign-in by Google that waits for its second step', async () => {
    const person = newUser()
    const { client } = await flows.signIn(person)
    const { id } = await me(client)
    await setUser(id, { password_hash: 'something', two_factor_method: 'otp' })
    const { challenge } = challengeIn((await flows.signIn(person)).location)
    await unlink(client)
    const answer = await verify(api.connect(), challenge, await mailedCode(person.email))
    expect([answer.statusCode, answer.json().error.code]).toEqual([401, 'CHALLENGE_INVALID'])
  })

  test('takes effect once in parallel requests; later ones are NOT_FOUND', async () => {
    const { client, id } = await linkedWithPassword()
    const answers = await Promise.all(Array.from({ length: 20 }, () => unlink(client)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array(19).fill(404)])
    expect(await noticesOf(id)).toHaveLength(1)
  })
})
