import { mailCode, mailToken } from '@muster/mail'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import {
  auditOf,
  codeOf,
  login,
  mailedResetToken,
  mailsTo,
  password,
  registered,
  templatesTo,
} from '../sign-in/testing/sign-in-fixtures.ts'

const newPassword = 'An0ther-Passphrase'
const minuteMs = 60_000

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const forgot = (email: string, client: TestClient = api.connect()) =>
  client.inject('POST', '/api/v1/auth/forgot-password', { email })
const reset = (token: string, given = newPassword, client: TestClient = api.connect()) =>
  client.inject('POST', '/api/v1/auth/reset-password', { token, password: given })
const change = (client: TestClient, body: object) => client.inject('POST', '/api/v1/auth/change-password', body)
const me = (client: TestClient) => client.inject('GET', '/api/v1/users/me')
const nextTurn = (email: string) => api.redis.del(`mails:{reset:${email}}:cooldown`)

/** Registers a user who requests a reset. @returns also the token of the mailed link */
async function forgetful() {
  const user = await registered(api)
  await forgot(user.email)
  return { ...user, token: await mailedResetToken(api, user.email) }
}

describe('forgot-password', () => {
  test('answers a known and an unknown e-mail alike, and mails only the owner', async () => {
    const { email } = await registered(api)
    const [known, unknown] = [await forgot(email), await forgot('nobody@example.test')]
    expect(known.statusCode).toBe(202)
    expect(known.body).toBe(unknown.body)
    expect(Object.keys(known.headers)).toEqual(Object.keys(unknown.headers))
    expect(known.cookies).toEqual([])
    expect(await templatesTo(api, email)).toContain('password-reset')
    expect(await mailsTo(api, 'nobody@example.test')).toEqual([])
  })

  test('does the same work for an unknown e-mail, with a mail that has already expired', async () => {
    const before = await api.db.selectFrom('outbox').select('id').execute()
    await forgot('nobody-works@example.test')
    expect(await api.db.selectFrom('outbox').select('id').execute()).toHaveLength(before.length + 1)
    for (const mail of await mailsTo(api, 'nobody@example.invalid')) {
      expect(mail.expires_at?.getTime()).toBeLessThan(Date.now())
    }
  })

  test('sends an address one mail a minute and ten a day, with the same answer', async () => {
    const { email } = await registered(api)
    const answers = await Promise.all(Array.from({ length: 20 }, () => forgot(email)))
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1)
    const resets = async () => (await templatesTo(api, email)).filter((template) => template === 'password-reset')
    expect(await resets()).toHaveLength(1)
    for (let minutes = 0; minutes < 15; minutes++) {
      await nextTurn(email)
      expect((await forgot(email)).statusCode).toBe(202)
    }
    expect(await resets()).toHaveLength(10)
  })

  test('mails no link to a deactivated account', async () => {
    const { email, id } = await registered(api)
    await api.db.updateTable('users').set({ is_active: false }).where('id', '=', id).execute()
    expect((await forgot(email)).statusCode).toBe(202)
    expect(await templatesTo(api, email)).not.toContain('password-reset')
  })

  test('refuses the fourth request of an address within an hour', async () => {
    const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
    for (let requests = 0; requests < 3; requests++) {
      expect((await forgot(`nobody-${requests}@example.test`, strict.connect())).statusCode).toBe(202)
      expect(codeOf(await reset('x', newPassword, strict.connect()))).toBe('TOKEN_INVALID')
    }
    const refused = await forgot('nobody@example.test', strict.connect())
    expect(codeOf(refused)).toBe('RATE_LIMITED')
    expect(refused.headers['ratelimit-remaining']).toBeUndefined()
    expect(codeOf(await reset('x', newPassword, strict.connect()))).toBe('RATE_LIMITED')
    await strict.close()
  })
})

describe('reset-password', () => {
  test('sets the password, ends all sessions, alerts the owner and opens no session', async () => {
    const { email, id, client, token } = await forgetful()
    const elsewhere = api.connect()
    await login(elsewhere, email)
    const answer = await reset(token)
    expect(answer.statusCode).toBe(200)
    expect(answer.cookies).toEqual([])
    for (const session of [client, elsewhere]) expect(codeOf(await me(session))).toBe('SESSION_REVOKED')
    expect(codeOf(await login(api.connect(), email))).toBe('INVALID_CREDENTIALS')
    expect((await login(api.connect(), email, newPassword)).statusCode).toBe(200)
    const alert = (await mailsTo(api, email)).find(({ template }) => template === 'password-changed')
    expect(alert).toMatchObject({ user_id: id, data: { how: 'reset', ip: '127.0.0.1' } })
    const actions = (await auditOf(api, id)).map(({ action }) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['auth.password_reset_requested', 'auth.password_reset', 'session.revoked']),
    )
  })

  test('accepts one of twenty parallel uses of a link', async () => {
    const { email, token } = await forgetful()
    const passwords = Array.from({ length: 20 }, (_, use) => `An0ther-Passphrase-${use}`)
    const answers = await Promise.all(passwords.map((given) => reset(token, given)))
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    expect(answers.filter((answer) => answer.statusCode === 400).map(codeOf)).toEqual(Array(19).fill('TOKEN_INVALID'))
    const winner = passwords[answers.findIndex(({ statusCode }) => statusCode === 200)] as string
    expect((await login(api.connect(), email, winner)).statusCode).toBe(200)
    expect((await templatesTo(api, email)).filter((template) => template === 'password-changed')).toHaveLength(1)
  })

  test('accepts a link for an hour, or until a newer one', async () => {
    const late = await forgetful()
    clock.advance(60 * minuteMs)
    expect(codeOf(await reset(late.token))).toBe('TOKEN_INVALID')

    const { email, token: older } = await forgetful()
    await nextTurn(email)
    await forgot(email)
    expect(codeOf(await reset(older))).toBe('TOKEN_INVALID')
    expect((await reset(await mailedResetToken(api, email))).statusCode).toBe(200)
  })

  test('refuses a token that is forged, changed or of another mail', async () => {
    const { token } = await forgetful()
    const [emailId, secret = ''] = token.split('.')
    const other = (await forgetful()).token.split('.')[1]
    const changed = (secret.startsWith('A') ? 'B' : 'A') + secret.slice(1)
    const otherKey = { currentId: 'k1', keys: new Map([['k1', Buffer.alloc(32, 9)]]) }
    const forged = mailToken(otherKey, { template: 'password-reset', emailId: emailId as string })
    for (const wrong of [`${emailId}.${other}`, `${emailId}.${changed}`, forged, `${emailId}`, 'x', `${token}x`]) {
      expect(codeOf(await reset(wrong))).toBe('TOKEN_INVALID')
    }
    expect((await reset(token)).statusCode).toBe(200)
  })

  test('does not use the link when it is opened', async () => {
    const { token } = await forgetful()
    for (const path of ['forgot-password', 'reset-password']) {
      const opened = await api.connect().inject('GET', `/api/v1/auth/${path}?token=${token}`)
      expect(opened.statusCode).toBe(405)
    }
    expect((await reset(token)).statusCode).toBe(200)
  })

  test('refuses a weak password by field, without using the link', async () => {
    const { username, token } = await forgetful()
    for (const bad of ['short', 'Password1', `A1-${username}-x`]) {
      const answer = await reset(token, bad)
      expect(codeOf(answer)).toBe('VALIDATION_FAILED')
      expect(answer.json().error.details[0].path).toBe('body.password')
    }
    expect((await reset(token)).statusCode).toBe(200)
  })

  test('ends a lock of the password', async () => {
    const { email, token } = await forgetful()
    for (let tries = 0; tries < 5; tries++) await login(api.connect(), email, 'Wr0ng-Password')
    expect(codeOf(await login(api.connect(), email))).toBe('ACCOUNT_LOCKED')
    await reset(token)
    expect((await login(api.connect(), email, newPassword)).statusCode).toBe(200)
  })

  test('ends a sign-in that waits for its second step', async () => {
    const { id, token } = await forgetful()
    const at = clock.now()
    const challenge = { id, user_id: id, purpose: 'sign-in', method: 'totp', created_at: at }
    const expiresAt = new Date(at.getTime() + 5 * minuteMs)
    await api.db
      .insertInto('two_factor_challenges')
      .values({ ...challenge, expires_at: expiresAt })
      .execute()
    await reset(token)
    const open = api.db.selectFrom('two_factor_challenges').where('user_id', '=', id).where('used_at', 'is', null)
    expect(await open.select('id').execute()).toEqual([])
  })

  test('ends a parallel sign-in with the old password', async () => {
    const { email, token } = await forgetful()
    const clients = Array.from({ length: 20 }, () => api.connect())
    const [answer] = await Promise.all([reset(token), ...clients.map((client) => login(client, email))])
    expect(answer.statusCode).toBe(200)
    for (const client of clients) expect((await me(client)).statusCode).toBe(401)
  })

  test('records neither link nor password', async () => {
    const { id, token } = await forgetful()
    await reset(token)
    const rows = JSON.stringify([
      await auditOf(api, id),
      await api.db.selectFrom('email_messages').selectAll().execute(),
      await api.db.selectFrom('password_resets').selectAll().execute(),
    ])
    for (const secret of [token.split('.')[1] as string, newPassword]) expect(rows).not.toContain(secret)
  })
})

describe('change-password', () => {
  test('requires the current password, keeps this session and ends the others everywhere', async () => {
    const { email, id, client } = await registered(api)
    const elsewhere = api.connect()
    await login(elsewhere, email)
    const { close, ...deps } = createDeps(api.deps.config, api.deps.log, clock)
    const second = await buildApp(deps)
    await eventually(() => expect(deps.revocations.isFresh()).toBe(true))
    const ask = ({ cookies }: TestClient) =>
      second.inject({ url: '/api/v1/users/me', cookies: Object.fromEntries(cookies) })
    expect((await ask(elsewhere)).statusCode).toBe(200)

    expect(codeOf(await change(client, { currentPassword: 'Wr0ng-Password', newPassword }))).toBe('INVALID_CREDENTIALS')
    expect((await change(client, { currentPassword: password, newPassword })).statusCode).toBe(200)
    expect(codeOf(await me(elsewhere))).toBe('SESSION_REVOKED')
    await eventually(async () => expect((await ask(elsewhere)).statusCode).toBe(401))
    expect((await ask(client)).statusCode).toBe(200)
    expect((await me(client)).statusCode).toBe(200)
    expect((await login(api.connect(), email, newPassword)).statusCode).toBe(200)
    const alerts = (await mailsTo(api, email)).filter(({ template }) => template === 'password-changed')
    expect(alerts).toMatchObject([{ data: { how: 'changed' } }])
    expect((await auditOf(api, id)).map(({ action }) => action)).toContain('auth.password_changed')
    await second.close()
    await close()
  })

  test('refuses a missing current, an unchanged and a weak new password by field', async () => {
    const { email, client } = await registered(api)
    const faultOf = async (body: object) => {
      const answer = await change(client, body)
      expect([answer.statusCode, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED'])
      return answer.json().error.details[0].path
    }
    expect(await faultOf({ newPassword })).toBe('body.currentPassword')
    expect(await faultOf({ currentPassword: password, newPassword: password })).toBe('body.newPassword')
    expect(await faultOf({ currentPassword: password, newPassword: `A1${email}` })).toBe('body.newPassword')
    expect(await faultOf({ currentPassword: password })).toBe('body.newPassword')
  })

  test('accepts one of five parallel changes', async () => {
    const { email, client } = await registered(api)
    // The lockout would refuse more parallel attempts unchecked.
    const passwords = Array.from({ length: 5 }, (_, call) => `An0ther-Passphrase-${call}`)
    const answers = await Promise.all(
      passwords.map((given) => change(client, { currentPassword: password, newPassword: given })),
    )
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    const winner = passwords[answers.findIndex(({ statusCode }) => statusCode === 200)] as string
    expect((await login(api.connect(), email, winner)).statusCode).toBe(200)
  })

  test('ends a reset link that was mailed before', async () => {
    const { client, token } = await forgetful()
    await change(client, { currentPassword: password, newPassword })
    expect(codeOf(await reset(token))).toBe('TOKEN_INVALID')
  })

  test('sets a first password with a mailed code, once', async () => {
    const user = await api.signUp()
    expect((await change(user, { newPassword })).json().error.details[0].path).toBe('body.code')
    expect(codeOf(await change(user, { code: '000000', newPassword }))).toBe('OTP_INVALID')
    await user.inject('POST', '/api/v1/auth/confirmation-code')
    const emailId = (await mailsTo(api, user.email)).at(-1)?.id as string
    const code = mailCode(api.deps.config.keys.mailCode, { template: 'login-code', emailId })
    expect((await change(user, { code, newPassword: 'password' })).json().error.code).toBe('VALIDATION_FAILED')
    const answers = await Promise.all(Array.from({ length: 5 }, () => change(user, { code, newPassword })))
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
    expect((await me(user)).json().data.user).toMatchObject({ hasPassword: true, authProviders: ['local'] })
    expect((await login(api.connect(), user.email, newPassword)).statusCode).toBe(200)
    const alerts = (await mailsTo(api, user.email)).filter(({ template }) => template === 'password-changed')
    expect(alerts).toMatchObject([{ data: { how: 'set' } }])
  })
})
