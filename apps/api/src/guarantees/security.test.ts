/* The requirements of OWASP ASVS 5 that no module's own test shows, see docs/security/asvs.md. */
import { readFileSync } from 'node:fs'
import { absoluteLimitMs, idleLimitMs, rememberedIdleLimitMs } from '@muster/security/refresh-decision'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import type { LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { callerLimits, guardLimits, type Limit, routeLimits } from '../http/limits/limits.ts'
import { attachTo, makeTask } from '../modules/attachments/testing/upload-fixtures.ts'
import { registrationTtlSeconds } from '../modules/registration/pending-registrations.ts'
import { accessTokenTtlMs } from '../modules/sessions/access-tokens.ts'
import {
  codeOf,
  login,
  mailedCode,
  mailedResetToken,
  type NewUser,
  newUser,
  password,
  register,
  registered,
  verify,
} from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

const minuteMs = 60_000
const dayMs = 1_440 * minuteMs
const ownPage = 'http://localhost:3000'
const foreignPage = 'https://evil.example'

type Operation = { security?: object[]; requestBody?: unknown }
type Route = { method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; path: string; url: string } & Operation

let clock: ManualClock
let api: TestApp
let user: TestUser
let document: string
let routes: Route[]

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  await api.listen()
  user = await api.signUp()
  document = (await api.connect().inject('GET', '/openapi.json')).body
  const { paths } = JSON.parse(document) as { paths: Record<string, Record<string, Operation>> }
  routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase() as Route['method'],
      path,
      url: path.replace(/\{\w+\}/g, '01890000-0000-7000-8000-000000000000'),
    })),
  )
})
afterAll(() => api.close())
// On a busy machine, writing the OpenAPI document delays the poll of revocations so long that requests are answered 503.
beforeEach(() => eventually(() => expect(api.deps.revocations.isFresh()).toBe(true)))

describe('headers', () => {
  test('of every kind of response: HSTS, nosniff, no-referrer and a strict CSP', async () => {
    const task = await makeTask(user)
    const file = await attachTo({ user, task }, 'notes.txt', 'Some text')
    const { etag } = (await user.inject('GET', `/api/v1/tasks/${task}`)).headers
    const preflight = { origin: ownPage, 'access-control-request-method': 'POST' }
    // Under load a service may respond too late for its check.
    const healthy = await eventually(async () => {
      const answer = await api.connect().inject('GET', '/health')
      expect(answer.statusCode).toBe(200)
      return answer
    })
    const page = await api.connect().inject('GET', '/docs/')
    const script = new URL(/src="([^"]+)"/.exec(page.body)?.[1] ?? '', 'http://a/docs/').pathname
    const answers: [number, LightMyRequestResponse][] = [
      [200, await user.inject('GET', '/api/v1/users/me')],
      [200, await user.inject('HEAD', '/api/v1/users/me')],
      [200, await user.inject('GET', `/api/v1/attachments/${file.id}/content`)],
      [200, await api.connect().inject('GET', '/openapi.json')],
      [200, healthy],
      [200, page],
      [200, await api.connect().inject('GET', script)],
      [204, await api.connect().inject('OPTIONS', '/api/v1/tasks', undefined, preflight)],
      [302, await api.connect().inject('GET', '/api/v1/auth/google')],
      [304, await user.inject('GET', `/api/v1/tasks/${task}`, undefined, { 'if-none-match': String(etag) })],
      [400, await user.inject('GET', '/api/v1/tasks/nonsense')],
      [401, await api.connect().inject('GET', '/api/v1/users/me')],
      [403, await user.inject('POST', '/api/v1/tasks', {}, { origin: foreignPage })],
      [404, await api.connect().inject('GET', '/nothing')],
      [405, await api.connect().inject('DELETE', '/health')],
      [415, await api.connect().inject('POST', '/api/v1/auth/login', 'a', { 'content-type': 'application/xml' })],
    ]
    for (const [index, [status, { statusCode, headers }]] of answers.entries()) {
      expect({ index, status: statusCode, headers }).toMatchObject({
        index,
        status,
        headers: {
          'strict-transport-security': 'max-age=31536000; includeSubDomains',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'content-security-policy': expect.stringMatching(
            /^(?=.*default-src '(none|self)')(?=.*base-uri 'none')(?=.*frame-ancestors 'none')/,
          ),
        },
      })
    }
  })

  test('allow no foreign page to read an answer', async () => {
    for (const origin of [foreignPage, 'null', `${ownPage}.evil.example`, 'http://localhost:30000']) {
      const preflight = { origin, 'access-control-request-method': 'GET' }
      for (const answer of [
        await user.inject('GET', '/api/v1/users/me', undefined, { origin }),
        await user.inject('OPTIONS', '/api/v1/users/me', undefined, preflight),
      ]) {
        expect({ origin, headers: answer.headers }).not.toHaveProperty('headers.access-control-allow-origin')
      }
    }
    const own = await user.inject('GET', '/api/v1/users/me', undefined, { origin: ownPage })
    expect(own.headers).toMatchObject({
      'access-control-allow-origin': ownPage,
      vary: expect.stringMatching(/origin/i),
    })
  })
})

describe('a foreign page', () => {
  test('is refused by every unsafe route, signed in or not, with any body of a form', async () => {
    const unsafe = routes.filter(({ method }) => method !== 'GET')
    expect(unsafe.length).toBeGreaterThan(30)
    const forms = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a']
    for (const { method, url } of unsafe) {
      for (const client of [user, api.connect()]) {
        for (const contentType of forms) {
          const headers = { origin: foreignPage, 'sec-fetch-site': 'cross-site', 'content-type': contentType }
          const answer = await client.inject(method, url, '{}', headers)
          expect({ method, url, status: answer.statusCode, code: codeOf(answer) }).toEqual({
            method,
            url,
            status: 403,
            code: 'CROSS_ORIGIN',
          })
        }
      }
    }
  })

  test('can change nothing by a link or an image: GET has no effects', async () => {
    const state = () =>
      Promise.all([
        api.db.selectFrom('users').select(['id', 'version']).orderBy('id').execute(),
        api.db.selectFrom('sessions').select(['id', 'generation', 'revoked_at']).orderBy('id').execute(),
        api.db.selectFrom('email_messages').select('id').execute(),
        api.db.selectFrom('notifications').select('id').execute(),
      ])
    const before = await state()
    const readable = routes.filter(({ method }) => method === 'GET').map(({ url }) => url)
    for (const url of readable) expect((await user.inject('GET', url)).statusCode).toBeLessThan(500)
    for (const { url } of routes.filter((route) => !readable.includes(route.url))) {
      const { statusCode } = await user.inject('GET', url)
      // 400 when another route has an id in the place of the word.
      expect({ url, statusCode }).toEqual({ url, statusCode: statusCode === 400 ? 400 : 405 })
    }
    expect(await state()).toEqual(before)
  })
})

describe('cookies', () => {
  test('are all __Host-, Secure and HttpOnly, and no body contains their values', async () => {
    const secure = await buildTestApp({ config: { cookies: { isSecure: true } } })
    const [client, newcomer] = [secure.connect(), newUser()]
    const answers = [
      await register(client, newcomer),
      await verify(client, newcomer.email, await mailedCode(secure, newcomer.email)),
      await login(client, newcomer.email),
      await client.inject('POST', '/api/v1/auth/refresh'),
      await client.inject('GET', '/api/v1/auth/sessions'),
    ]
    const cookies = answers.flatMap((answer) => answer.cookies)
    const names = ['at', 'attempt', 'device', 'rt'].map((name) => `__Host-muster_${name}`)
    expect([...new Set(cookies.map(({ name }) => name.replace(/_[\w-]{22}$/, '')))].sort()).toEqual(names)
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' })
      expect(cookie).not.toHaveProperty('domain')
      expect(cookie.value.length + cookie.name.length).toBeLessThan(4_096)
    }
    const bodies = answers.map(({ body }) => body).join()
    for (const { value } of cookies.filter((cookie) => cookie.value !== '')) expect(bodies).not.toContain(value)
    await secure.close()
  })
})

describe('passwords', () => {
  /** Returns a user whose address, its tag and whose username have nothing in common. */
  const newAnna = () => {
    const { username, ...someone } = newUser()
    return { ...someone, username, email: `anna.${username.replace('user', 'lee')}+work@example.test` }
  }
  const refused: [string, (of: NewUser) => string][] = [
    ['has seven characters', () => 'Sev3n-c'],
    ['has 129 characters', () => `Aa1${'x'.repeat(126)}`],
    ['is common', () => 'Password123'],
    ['contains the username', ({ username }) => `xX-${username.toUpperCase()}-7`],
    ['contains the e-mail name', ({ email }) => `xX-${email.split('+')[0]?.toUpperCase()}-7`],
  ]

  test.each(refused)('one that %s is refused at registration, change and reset', async (_name, passwordOf) => {
    const newcomer = newAnna()
    const toRegister = await register(api.connect(), { ...newcomer, password: passwordOf(newcomer) })
    expect(toRegister.json().error.details).toMatchObject([{ path: 'body.password' }])

    const owner = await registered(api, newAnna())
    const change = { currentPassword: password, newPassword: passwordOf(owner) }
    const toChange = await owner.client.inject('POST', '/api/v1/auth/change-password', change)
    expect(toChange.json().error.details).toMatchObject([{ path: 'body.newPassword' }])

    await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email: owner.email })
    const reset = { token: await mailedResetToken(api, owner.email), password: passwordOf(owner) }
    const toReset = await api.connect().inject('POST', '/api/v1/auth/reset-password', reset)
    expect(toReset.json().error.details).toMatchObject([{ path: 'body.password' }])
  })

  test.each([
    ['eight characters', ' E1ght-c'],
    ['128 characters of any script', ` Grün 1 ${'пароль 密码 '.repeat(20)}`.slice(0, 127).padEnd(128, 'x')],
  ])('one of %s is accepted and matches only exactly as given', async (_name, given) => {
    const { email } = await registered(api, { ...newUser(), password: given })
    expect((await login(api.connect(), email, given)).statusCode).toBe(200)
    for (const other of [given.trim(), given.toLowerCase(), given.slice(0, -1), `${given} `]) {
      expect(codeOf(await login(api.connect(), email, other))).toBe('INVALID_CREDENTIALS')
    }
  })

  test('one that is ten years old signs in, and no change is requested', async () => {
    const { email } = await registered(api)
    clock.advance(3_650 * dayMs)
    const answer = await login(api.connect(), email)
    expect([answer.statusCode, answer.json().data.requiresTwoFactor]).toEqual([200, false])
    user = await api.signUp()
  })

  test('have no hint and no secret question in any route', () => {
    expect(document).not.toMatch(/"[a-z]*(hint|question)[a-z]*":/i)
  })
})

test('the code of a registration lives five minutes and creates one account', async () => {
  const [client, newcomer] = [api.connect(), newUser()]
  const answer = await register(client, newcomer)
  const attempt = answer.cookies.find(({ name }) => name.startsWith('muster_attempt_'))
  expect(attempt?.maxAge).toBe(registrationTtlSeconds)
  const key = `register:${newcomer.email}:${attempt?.value.split('.').at(-1)}`
  const leftMs = await api.redis.pttl(key)
  expect(leftMs).toBeGreaterThan(0)
  expect(leftMs).toBeLessThanOrEqual(5 * minuteMs)
  const [again, code] = [new Map(client.cookies), await mailedCode(api, newcomer.email)]
  expect((await verify(client, newcomer.email, code)).statusCode).toBe(201)
  expect(codeOf(await verify(api.connect(again), newcomer.email, code))).toBe('OTP_INVALID')
})

test('the session of a deactivated user is not refreshed until the user is active again', async () => {
  const { id, client } = await registered(api)
  const setActive = (isActive: boolean) =>
    api.db.updateTable('users').set({ is_active: isActive }).where('id', '=', id).execute()
  const ask = async () => (await client.inject('GET', '/api/v1/users/me')).statusCode
  await setActive(false)
  clock.advance(accessTokenTtlMs)
  expect([await ask(), codeOf(await client.inject('POST', '/api/v1/auth/refresh'))]).toEqual([401, 'SESSION_REVOKED'])
  await setActive(true)
  expect(await ask()).toBe(200)
})

test('every sign-in opens a new session with tokens of 256 secret bits', async () => {
  const { email, client } = await registered(api)
  const sessions = [client, api.connect(), api.connect(new Map(client.cookies))]
  for (const browser of sessions.slice(1)) await login(browser, email)
  const tokens = sessions.map(({ cookies }) => cookies.get('muster_rt') ?? '')
  expect(tokens.map((token) => token.split('.')[3])).toEqual(Array(3).fill(expect.stringMatching(/^[\w-]{43}$/)))
  expect(new Set(tokens.map((token) => token.split('.')[1])).size).toBe(3)
  const seeds = (await api.db.selectFrom('sessions').select('seed').execute()).map(({ seed }) => seed.toString('hex'))
  expect(seeds.every((seed) => seed.length === 64)).toBe(true)
  expect(new Set(seeds).size).toBe(seeds.length)
})

test('a sign-in ends the previous session of the browser, whichever user it had', async () => {
  const [first, second] = [await registered(api), await registered(api)]
  for (const { email } of [first, second]) {
    const before = api.connect(new Map(first.client.cookies))
    await login(first.client, email)
    await eventually(async () => expect(codeOf(await before.inject('GET', '/api/v1/users/me'))).toBe('SESSION_REVOKED'))
  }
  expect((await second.client.inject('GET', '/api/v1/users/me')).statusCode).toBe(200)
})

/** Tests whether an operation needs no session: its list of alternatives is empty, or has an empty one. */
const isPublic = (security: object[] = []) =>
  security.length === 0 || security.some((alternative) => Object.keys(alternative).length === 0)

describe('docs/security/sign-in.md', () => {
  const page = readFileSync(new URL('../../../../docs/security/sign-in.md', import.meta.url), 'utf8')

  test('lists exactly the public sign-in routes', () => {
    const written = [...page.matchAll(/`(GET|POST) (\/auth\/[\w/-]+)`/g)].map(([, method, path]) => `${method} ${path}`)
    const open = routes.filter(({ path, security }) => path.startsWith('/api/v1/auth/') && isPublic(security))
    const served = open.map(({ method, path }) => `${method} ${path.replace('/api/v1', '')}`)
    expect(written.sort()).toEqual(served.sort())
  })

  test('lists the limits of the code', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \w+ \| (\d+) min \|/gm)]
    const limits: Record<string, Limit> = { ...callerLimits, ...routeLimits, ...guardLimits }
    const ofSignIn = ['register', 'forgotPassword', 'resetPassword', 'refreshRequests', ...Object.keys(guardLimits)]
    expect(rows.map(([, name]) => name)).toEqual(expect.arrayContaining(ofSignIn))
    for (const [, name = '', max, minutes] of rows) {
      const { max: currentMax, windowMs } = limits[name] ?? {}
      expect({ name, max: Number(max), windowMs: Number(minutes) * minuteMs }).toEqual({
        name,
        max: currentMax,
        windowMs,
      })
    }
  })

  test('lists the lifetimes of the code', () => {
    const listed = Object.fromEntries(
      [...page.matchAll(/^\| (.+?) \| (\d+) (?:minutes|days) \|$/gm)].map((row) => row.slice(1)),
    )
    expect(listed).toEqual({
      'access token': String(accessTokenTtlMs / minuteMs),
      idle: String(idleLimitMs / dayMs),
      'idle, remembered': String(rememberedIdleLimitMs / dayMs),
      'in all': String(absoluteLimitMs / dayMs),
    })
  })
})
