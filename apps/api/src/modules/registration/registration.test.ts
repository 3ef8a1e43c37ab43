import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailboxOf } from '../../http/limits/mail-cooldown.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import {
  codeOf,
  mailedCode,
  newUser,
  password,
  register,
  registered,
  templatesTo,
  verify,
} from '../sign-in/testing/sign-in-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const wrong = (code: string) => (code === '000000' ? '000001' : '000000')

describe('registration', () => {
  test('creates user, organization and session only when the e-mail is verified', async () => {
    const user = newUser()
    const client = api.connect()
    const answer = await register(client, {
      ...user,
      email: ` ${user.email.toUpperCase()} `,
      timezone: 'Asia/Kolkata',
    })
    expect(answer.statusCode).toBe(202)
    const find = () => api.db.selectFrom('users').selectAll().where('email', '=', user.email).executeTakeFirst()
    expect(await find()).toBeUndefined()

    const verified = await verify(client, user.email, await mailedCode(api, user.email))
    expect(verified.statusCode).toBe(201)
    expect(verified.json().data.user).toMatchObject({
      email: user.email,
      role: 'client_admin',
      timezone: 'Asia/Kolkata',
      hasPassword: true,
    })
    expect((await client.inject('GET', '/api/v1/users/me')).json().data.user.username).toBe(user.username)
    const organization = await api.db
      .selectFrom('organizations')
      .selectAll()
      .where('id', '=', verified.json().data.user.organizationId)
      .executeTakeFirstOrThrow()
    expect(organization.is_personal).toBe(true)
    expect((await find())?.password_hash).not.toContain(password)
    const mails = await api.db
      .selectFrom('email_messages')
      .select('template')
      .where('to_address', '=', user.email)
      .execute()
    expect(mails.map(({ template }) => template).sort()).toEqual(['register-code', 'welcome'])
  })

  test('refuses a code without the cookie of its attempt', async () => {
    const user = newUser()
    await register(api.connect(), user)
    expect(codeOf(await verify(api.connect(), user.email, await mailedCode(api, user.email)))).toBe('OTP_INVALID')
  })

  test('creates one user for two parallel correct codes; the other is told to sign in', async () => {
    const user = newUser()
    const client = api.connect()
    await register(client, user)
    const code = await mailedCode(api, user.email)
    const answers = await Promise.all([1, 2].map(() => verify(client, user.email, code)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
    const loser = answers.find(({ statusCode }) => statusCode === 409)
    expect(loser?.json().error.code).toBe('ALREADY_EXISTS')
  })

  test('ends the attempt after fifty parallel wrong codes', async () => {
    const user = newUser()
    const client = api.connect()
    await register(client, user)
    const right = await mailedCode(api, user.email)
    await Promise.all(Array.from({ length: 50 }, () => verify(client, user.email, wrong(right))))
    expect(codeOf(await verify(client, user.email, right))).toBe('OTP_INVALID')
  })

  test('accepts a correct fifth try', async () => {
    const user = newUser()
    const client = api.connect()
    await register(client, user)
    const right = await mailedCode(api, user.email)
    for (let tries = 0; tries < 4; tries++) await verify(client, user.email, wrong(right))
    expect((await verify(client, user.email, right)).statusCode).toBe(201)
  })

  test('answers a known e-mail like an unknown one, and mails its owner', async () => {
    const owner = await registered(api)
    await api.redis.del(`mails:{register:${owner.email}}:cooldown`)
    const [known, unknown] = [api.connect(), api.connect()]
    const toKnown = await register(known, { ...newUser(), email: owner.email })
    const toUnknown = await register(unknown, newUser())
    expect(toKnown.statusCode).toBe(toUnknown.statusCode)
    expect(toKnown.body).toBe(toUnknown.body)
    expect(Object.keys(toKnown.headers)).toEqual(Object.keys(toUnknown.headers))
    // The cookie's name is a digest of the address that the request sent.
    const shapesOf = ({ cookies }: typeof toKnown) =>
      cookies.map(({ name, value, ...cookie }) => ({ ...cookie, lengths: [name.length, value.length] }))
    expect(shapesOf(toKnown)).toEqual(shapesOf(toUnknown))
    const newest = await api.db
      .selectFrom('email_messages')
      .select('template')
      .where('to_address', '=', owner.email)
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    expect(newest.template).toBe('already-registered')
    expect(codeOf(await verify(known, owner.email, await mailedCode(api, owner.email)))).toBe('OTP_INVALID')
  })

  test('sends an address one mail a minute', async () => {
    const user = newUser()
    await register(api.connect(), user)
    const second = await register(api.connect(), { ...user, username: `${user.username}_b` })
    expect(second.statusCode).toBe(429)
    expect(codeOf(second)).toBe('COOLDOWN')
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0)
  })

  test('counts the mails of a mailbox together in all spellings, and stores the given one', async () => {
    const { username } = newUser()
    const ask = (email: string, suffix: string) =>
      register(api.connect(), { ...newUser(), username: `${username}_${suffix}`, email })
    expect((await ask(`${username}+one@example.test`, 'a')).statusCode).toBe(202)
    expect(await templatesTo(api, `${username}+one@example.test`)).toEqual(['register-code'])
    expect(codeOf(await ask(`${username}+two@example.test`, 'b'))).toBe('COOLDOWN')
    expect(codeOf(await ask(`${username}@example.test`, 'c'))).toBe('COOLDOWN')
  })

  test.each([
    ['a.n.n+x@googlemail.com', 'ann@gmail.com'],
    ['ann@gmail.com', 'ann@gmail.com'],
    ['a.n.n@example.test', 'a.n.n@example.test'],
    ['ann+x+y@example.test', 'ann@example.test'],
  ])('counts %s as %s', (email, mailbox) => {
    expect(mailboxOf(email)).toBe(mailbox)
  })

  test('refuses a taken username, a weak password and an unknown timezone by field', async () => {
    const { username } = await registered(api)
    expect(codeOf(await register(api.connect(), { ...newUser(), username }))).toBe('USERNAME_TAKEN')
    const answer = await register(api.connect(), { ...newUser(), password: 'password1', timezone: 'Mars/Olympus' })
    expect(codeOf(answer)).toBe('VALIDATION_FAILED')
    const paths = answer.json().error.details.map(({ path }: { path: string }) => path)
    expect(new Set(paths)).toEqual(new Set(['body.password', 'body.timezone']))
  })

  test('refuses the sixth request of an address within fifteen minutes', async () => {
    const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
    for (let requests = 0; requests < 5; requests++) {
      expect((await register(strict.connect(), newUser())).statusCode).toBe(202)
    }
    const refused = await register(strict.connect(), newUser())
    expect(codeOf(refused)).toBe('RATE_LIMITED')
    expect(refused.headers['ratelimit-remaining']).toBeUndefined()
    await strict.close()
  })

  test('is closed when registration is by invitation', async () => {
    const closed = await buildTestApp({ config: { isSignupOpen: false } })
    expect(codeOf(await register(closed.connect(), newUser()))).toBe('REGISTRATION_CLOSED')
    await closed.close()
  })
})
