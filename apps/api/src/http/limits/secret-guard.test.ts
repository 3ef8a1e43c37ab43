import { type ManualClock, manualClock } from '@muster/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps, type Deps } from '../../deps.ts'
import { mailedCode, newUser, password, register, registered } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import {
  appOf,
  challenged,
  confirmTotp,
  setUpTotp,
  withTotp,
} from '../../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { redisAttemptCounters } from './attempt-counters.ts'

type Instance = { app: FastifyInstance; deps: Deps; close(): Promise<void> }

const wrongPassword = 'Wr0ng-Password'
const windowMs = 15 * 60_000

let clock: ManualClock
/** An instance without limits, to create users with. */
let lax: TestApp
let instances: Instance[]
let emails: string[]
/** The address of an office; each test has its own. */
let address: string
let offices = 0

beforeAll(async () => {
  clock = manualClock()
  lax = await buildTestApp({ clock })
  instances = [await strictInstance(), await strictInstance()]
  emails = []
  while (emails.length < 30) emails.push((await registered(lax)).email)
})
beforeEach(() => {
  address = `203.0.113.${++offices}`
})
afterAll(async () => {
  for (const instance of instances) await instance.close()
  await lax.close()
})

/**
 * Starts another API on the same database and Redis, with the limits of production. By default attempts wait longer than the
 * 3 s of production, in which a busy machine does not check thirty passwords.
 */
async function strictInstance({ guardPatienceMs = 60_000 } = {}): Promise<Instance> {
  const config = { ...lax.deps.config, rateLimitScale: 1, guardPatienceMs }
  const http = { ...config.http, trustedProxies: ['127.0.0.1'] }
  const { close, ...deps } = createDeps({ ...config, http }, lax.deps.log, clock)
  const app = await buildApp(deps)
  await app.ready()
  return {
    app,
    deps,
    async close() {
      await app.close()
      await close()
    },
  }
}

const post = async (url: string, body: object, { on = 0, cookie = '', from = address } = {}) => {
  const headers = { 'x-forwarded-for': from, ...(cookie && { cookie }) }
  const answer = await (instances[on] as Instance).app.inject({ method: 'POST', url, payload: body, headers })
  return { status: answer.statusCode, code: answer.json().error?.code, retryAfter: answer.headers['retry-after'] }
}
const login = (email: string | undefined, given = password, options = {}) =>
  post('/api/v1/auth/login', { email, password: given }, options)
type Answer = Awaited<ReturnType<typeof post>>
const of = (answers: Answer[], code: string | undefined) => answers.filter((answer) => answer.code === code)
const verifyRegistration = (email: string, otp: string, cookie: string) =>
  post('/api/v1/auth/register/verify', { email, otp }, { cookie })

test('thirty right passwords at once from one address sign in, on either instance', async () => {
  const answers = await Promise.all(emails.map((email, index) => login(email, password, { on: index % 2 })))
  expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200))
})

test('of thirty wrong passwords at once from one address, five are checked; the rest get Retry-After', async () => {
  const answers = await Promise.all(emails.map((email, index) => login(email, wrongPassword, { on: index % 2 })))
  expect(of(answers, 'INVALID_CREDENTIALS')).toHaveLength(5)
  const refused = of(answers, 'RATE_LIMITED')
  expect(refused).toHaveLength(25)
  expect(new Set(refused.map(({ status, retryAfter }) => `${status} ${retryAfter}`))).toEqual(new Set(['429 900']))
  expect(await login(emails[0])).toMatchObject({ status: 429 })
  clock.advance(windowMs)
  expect(await login(emails[0])).toMatchObject({ status: 200 })
})

test('right passwords among wrong ones are refused only after five failures', async () => {
  for (let tries = 0; tries < 4; tries++) await login('nobody@example.test', wrongPassword)
  expect((await Promise.all(emails.map((email) => login(email)))).map(({ status }) => status)).toEqual(
    Array(30).fill(200),
  )
  await login('nobody@example.test', wrongPassword)
  expect(await login(emails[0])).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
})

test('twelve right passwords at once for one account sign in, from one address and from twelve', async () => {
  const { email } = await registered(lax)
  const calls = [...Array(12).keys()]
  for (const from of [() => address, (call: number) => `198.51.100.${call}`]) {
    const answers = await Promise.all(calls.map((call) => login(email, password, { on: call % 2, from: from(call) })))
    expect(answers.map(({ status, code }) => code ?? status)).toEqual(Array(12).fill(200))
  }
})

test('eight users behind one address finish registration and second factor at once', async () => {
  const newcomers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const [client, user] = [lax.connect(), newUser()]
      await register(client, user)
      const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      return { ...user, cookie, code: await mailedCode(lax, user.email) }
    }),
  )
  const proven = await Promise.all(newcomers.map(({ email, code, cookie }) => verifyRegistration(email, code, cookie)))
  expect(proven.map(({ status }) => status)).toEqual(Array(8).fill(201))

  const steps = []
  for (let users = 0; users < 8; users++) {
    const { client, email } = await registered(lax)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    await confirmTotp(client, app.code())
    steps.push({ app, challengeToken: await challenged(lax, email) })
  }
  clock.advance(30_000)
  const finished = await Promise.all(
    steps.map(({ app, challengeToken }) =>
      post('/api/v1/auth/two-factor/verify', { challengeToken, code: app.code() }),
    ),
  )
  expect(finished.map(({ status }) => status)).toEqual(Array(8).fill(200))
})

test('of twenty wrong codes at once from one address, five are checked', async () => {
  const codes = (answers: Answer[], wrong: string) => [of(answers, wrong).length, of(answers, 'RATE_LIMITED').length]
  const guesses = Array.from({ length: 20 }, (_, guess) => guess)
  const registrations = await Promise.all(guesses.map((n) => verifyRegistration(`x${n}@example.test`, '000000', '')))
  expect(codes(registrations, 'OTP_INVALID')).toEqual([5, 15])
  const { email } = await withTotp(lax, clock)
  const challengeToken = await challenged(lax, email)
  const guess = { challengeToken, code: '000000' }
  const second = await Promise.all(guesses.map(() => post('/api/v1/auth/two-factor/verify', guess)))
  expect(codes(second, 'OTP_INVALID')).toEqual([5, 15])
})

describe('attempts whose process died', () => {
  const reserveAll = async (count: number) => {
    const counters = redisAttemptCounters(lax.redis)
    const rules = { max: 5, windowMs, nowMs: clock.now().getTime(), leaseMs: 30_000 }
    for (let attempt = 0; attempt < count; attempt++)
      await counters.reserve(`login:${address}`, `dead-${attempt}`, rules)
  }

  test('no longer count after their lease', async () => {
    await reserveAll(5)
    clock.advance(30_000)
    expect(await login(emails[0])).toMatchObject({ status: 200 })
  })

  test('make at most a hundred attempts wait, each for 3 s', async () => {
    const on = instances.push(await strictInstance({ guardPatienceMs: 3_000 })) - 1
    await reserveAll(5)
    const startedMs = performance.now()
    const waiting = [...Array(140).keys()].map(async () => {
      const answer = await login(emails[0], password, { on })
      return { ...answer, tookMs: performance.now() - startedMs }
    })
    const answers = await Promise.all(waiting)
    expect(answers.every(({ status, retryAfter }) => status === 429 && Number(retryAfter) > 0)).toBe(true)
    const late = answers.filter(({ tookMs }) => tookMs >= 2_900)
    expect(late.length).toBeGreaterThan(0)
    expect(late.length).toBeLessThanOrEqual(100)
    expect(Math.max(...late.map(({ tookMs }) => tookMs))).toBeLessThan(20_000)
  })
})

describe('while Redis is unavailable', () => {
  let on: number
  beforeAll(async () => {
    const alone = await strictInstance()
    on = instances.push(alone) - 1
    alone.deps.redis.close()
  })

  test('thirty right passwords sign in at once, and of thirty wrong ones five are checked', async () => {
    const right = await Promise.all(emails.map((email) => login(email, password, { on })))
    expect(right.map(({ status }) => status)).toEqual(Array(30).fill(200))
    const wrong = await Promise.all(emails.map((email) => login(email, wrongPassword, { on })))
    expect([of(wrong, 'INVALID_CREDENTIALS').length, of(wrong, 'RATE_LIMITED').length]).toEqual([5, 25])
  })
})
