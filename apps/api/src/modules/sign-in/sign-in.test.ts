import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { mailboxOf } from '../../http/limits/mail-cooldown.ts'
import { buildTestApp, type TestApp } from '../../testing/api.ts'
import {
  auditOf,
  codeOf,
  login,
  mailedCode,
  newPerson,
  password,
  register,
  registered,
  templatesTo,
  verify,
} from './testing/sign-in-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const wrong = (code: string) => (code === '000000' ? '000001' : '000000')

describe('registration', () => {
  test('nobody exists before the e-mail is proven; the code makes the person, their organization and a session', async () => {
    const person = newPerson()
    const client = api.connect()
    const answer = await register(client, {
      ...person,
      email: ` ${person.email.toUpperCase()} `,
      timezone: 'Asia/Kolkata',
    })
    expect(answer.statusCode).toBe(202)
    const find = () => api.db.selectFrom('users').selectAll().where('email', '=', person.email).executeTakeFirst()
    expect(await find()).toBeUndefined()

    const verified = await verify(client, person.email, await mailedCode(api, person.email))
    expect(verified.statusCode).toBe(201)
    expect(verified.json().data.user).toMatchObject({
      email: person.email,
      role: 'client_admin',
      timezone: 'Asia/Kolkata',
      hasPassword: true,
    })
    expect((await client.inject('GET', '/api/v1/users/me')).json().data.user.username).toBe(person.username)
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
      .where('to_address', '=', person.email)
      .execute()
    expect(mails.map(({ template }) => template).sort()).toEqual(['register-code', 'welcome'])
  })

  test('the code is worth nothing without the cookie of the attempt that ordered it', async () => {
    const person = newPerson()
    await register(api.connect(), person)
    expect(codeOf(await verify(api.connect(), person.email, await mailedCode(api, person.email)))).toBe('OTP_INVALID')
  })

  test('the right code sent twice at once makes one person; the other request is told to sign in', async () => {
    const person = newPerson()
    const client = api.connect()
    await register(client, person)
    const code = await mailedCode(api, person.email)
    const answers = await Promise.all([1, 2].map(() => verify(client, person.email, code)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
    const loser = answers.find(({ statusCode }) => statusCode === 409)
    expect(loser?.json().error.code).toBe('ALREADY_EXISTS')
  })

  test('fifty wrong codes at once use up the attempt: the right one comes too late', async () => {
    const person = newPerson()
    const client = api.connect()
    await register(client, person)
    const right = await mailedCode(api, person.email)
    await Promise.all(Array.from({ length: 50 }, () => verify(client, person.email, wrong(right))))
    expect(codeOf(await verify(client, person.email, right))).toBe('OTP_INVALID')
  })

  test('the fifth try may still be right', async () => {
    const person = newPerson()
    const client = api.connect()
    await register(client, person)
    const right = await mailedCode(api, person.email)
    for (let tries = 0; tries < 4; tries++) await verify(client, person.email, wrong(right))
    expect((await verify(client, person.email, right)).statusCode).toBe(201)
  })

  test('a known e-mail is answered like an unknown one, and its owner is told', async () => {
    const owner = await registered(api)
    await api.redis.del(`register:cooldown:${owner.email}`)
    const [known, unknown] = [api.connect(), api.connect()]
    const toKnown = await register(known, { ...newPerson(), email: owner.email })
    const toUnknown = await register(unknown, newPerson())
    expect(toKnown.statusCode).toBe(toUnknown.statusCode)
    expect(toKnown.body).toBe(toUnknown.body)
    expect(Object.keys(toKnown.headers)).toEqual(Object.keys(toUnknown.headers))
    // The cookie is named by a digest of the address that the caller has sent.
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

  test('an address gets one mail a minute', async () => {
    const person = newPerson()
    await register(api.connect(), person)
    const second = await register(api.connect(), { ...person, username: `${person.username}_b` })
    expect(second.statusCode).toBe(429)
    expect(codeOf(second)).toBe('COOLDOWN')
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0)
  })

  test('however the address of a mailbox is written, its mails count together, and the account keeps what was given', async () => {
    const { username } = newPerson()
    const ask = (email: string, suffix: string) =>
      register(api.connect(), { ...newPerson(), username: `${username}_${suffix}`, email })
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
  ])('%s counts as %s', (email, mailbox) => {
    expect(mailboxOf(email)).toBe(mailbox)
  })

  test('a taken username, a weak password and a made-up time zone are refused by name', async () => {
    const { username } = await registered(api)
    expect(codeOf(await register(api.connect(), { ...newPerson(), username }))).toBe('USERNAME_TAKEN')
    const answer = await register(api.connect(), { ...newPerson(), password: 'password1', timezone: 'Mars/Olympus' })
    expect(codeOf(answer)).toBe('VALIDATION_FAILED')
    const paths = answer.json().error.details.map(({ path }: { path: string }) => path)
    expect(new Set(paths)).toEqual(new Set(['body.password', 'body.timezone']))
  })

  test('the sixth request of an address within fifteen minutes is refused', async () => {
    const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
    for (let requests = 0; requests < 5; requests++) {
      expect((await register(strict.connect(), newPerson())).statusCode).toBe(202)
    }
    const refused = await register(strict.connect(), newPerson())
    expect(codeOf(refused)).toBe('RATE_LIMITED')
    expect(refused.headers['ratelimit-remaining']).toBeUndefined()
    await strict.close()
  })

  test('is closed where people come by invitation', async () => {
    const closed = await buildTestApp({ config: { isSignupOpen: false } })
    expect(codeOf(await register(closed.connect(), newPerson()))).toBe('REGISTRATION_CLOSED')
    await closed.close()
  })
})

describe('login', () => {
  test('sets httpOnly cookies that name no other site and tells who signed in', async () => {
    const { email } = await registered(api)
    const answer = await login(api.connect(), email)
    expect(answer.statusCode).toBe(200)
    expect(answer.json().data).toMatchObject({ requiresTwoFactor: false, user: { email } })
    for (const cookie of answer.cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
  })

  test('over https the cookies are Secure and bound to the host', async () => {
    const secure = await buildTestApp({ config: { cookies: { isSecure: true } } })
    const person = await secure.signUp()
    clock.advance(0)
    const answer = await person.inject('POST', '/api/v1/auth/refresh')
    expect(answer.cookies.map(({ name }) => name).sort()).toEqual(['__Host-muster_at', '__Host-muster_rt'])
    for (const cookie of answer.cookies) expect(cookie).toMatchObject({ secure: true, path: '/' })
    await secure.close()
  })

  test('an unknown e-mail and a wrong password are answered alike', async () => {
    const { email } = await registered(api)
    const [unknown, wrongPassword] = [
      await login(api.connect(), 'nobody@example.test'),
      await login(api.connect(), email, 'Wr0ng-Password'),
    ]
    const shape = (answer: typeof unknown) => {
      const { error, ...rest } = answer.json()
      return { status: answer.statusCode, headers: Object.keys(answer.headers), ...rest, code: error.code }
    }
    expect(shape(unknown)).toEqual(shape(wrongPassword))
    expect(codeOf(unknown)).toBe('INVALID_CREDENTIALS')
  })

  test('a deactivated account is told so only with the right password', async () => {
    const { email } = await registered(api)
    await api.db.updateTable('users').set({ is_active: false }).where('email', '=', email).execute()
    expect(codeOf(await login(api.connect(), email))).toBe('ACCOUNT_INACTIVE')
    expect(codeOf(await login(api.connect(), email, 'Wr0ng-Password'))).toBe('INVALID_CREDENTIALS')
  })

  test('five failures of an address end its tries, also all at once; successes cost nothing', async () => {
    const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(strict.connect(), 'nobody@example.test')))
    const codes = answers.map(codeOf)
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15)
    await strict.close()
  })

  test('more sign-ins at once than the cores can hash are told to come back, and none is lost in line', async () => {
    const busy = await buildTestApp({ config: { passwords: { cost: 11, maxWaitMs: 300 } } })
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, person) => login(busy.connect(), `nobody-${person}@example.test`)),
    )
    const refused = answers.filter(({ statusCode }) => statusCode === 503)
    expect(refused.length).toBeGreaterThan(0)
    expect(new Set(refused.map(codeOf))).toEqual(new Set(['OVERLOADED']))
    expect(refused.every(({ headers }) => Number(headers['retry-after']) > 0)).toBe(true)
    expect(answers.filter(({ statusCode }) => statusCode === 401).length).toBe(40 - refused.length)
    expect(refused.length).toBeLessThan(40)
    await busy.close()
  })

  test('raising the cost of hashing renews a password at its next sign-in', async () => {
    const { email } = await registered(api)
    const hash = async () =>
      (await api.db.selectFrom('users').select('password_hash').where('email', '=', email).executeTakeFirstOrThrow())
        .password_hash
    expect(await hash()).toMatch(/^k1\$\$2b\$04\$/)
    const { close, ...deps } = createDeps(
      { ...api.deps.config, passwords: { cost: 5, maxWaitMs: 5_000 } },
      api.deps.log,
      clock,
    )
    const dearer = await buildApp(deps)
    const answer = await dearer.inject({ method: 'POST', url: '/api/v1/auth/login', payload: { email, password } })
    expect(answer.statusCode).toBe(200)
    expect(await hash()).toMatch(/^k1\$\$2b\$05\$/)
    await dearer.close()
    await close()
  })

  test('the twenty-first session ends the one that was used least recently', async () => {
    const { email, client } = await registered(api)
    for (let sessions = 0; sessions < 20; sessions++) {
      clock.advance(1_000)
      await login(api.connect(), email)
    }
    expect(codeOf(await client.inject('POST', '/api/v1/auth/refresh'))).toBe('SESSION_REVOKED')
  })

  test('success and failure are recorded, the failure without the password', async () => {
    const { email, id } = await registered(api)
    await login(api.connect(), email, 'Wr0ng-Password')
    await login(api.connect(), email)
    const events = await auditOf(api, id)
    expect(events.map(({ action }) => action)).toEqual(['user.registered', 'auth.login_failed', 'auth.login_succeeded'])
    expect(JSON.stringify(events)).not.toContain('Wr0ng-Password')
  })
})
