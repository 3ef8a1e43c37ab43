import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { auditOf, codeOf, login, password, registered } from './testing/sign-in-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

describe('login', () => {
  test('sets httpOnly cookies with SameSite=Lax, and returns the user', async () => {
    const { email } = await registered(api)
    const answer = await login(api.connect(), email)
    expect(answer.statusCode).toBe(200)
    expect(answer.json().data).toMatchObject({ requiresTwoFactor: false, user: { email } })
    for (const cookie of answer.cookies) expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
  })

  test('sets Secure cookies with the prefix __Host- over https', async () => {
    const secure = await buildTestApp({ config: { cookies: { isSecure: true } } })
    const person = await secure.signUp()
    clock.advance(0)
    const answer = await person.inject('POST', '/api/v1/auth/refresh')
    expect(answer.cookies.map(({ name }) => name).sort()).toEqual(['__Host-muster_at', '__Host-muster_rt'])
    for (const cookie of answer.cookies) expect(cookie).toMatchObject({ secure: true, path: '/' })
    await secure.close()
  })

  test('answers an unknown e-mail and a wrong password alike', async () => {
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

  test('reveals a deactivated account only to the correct password', async () => {
    const { email } = await registered(api)
    await api.db.updateTable('users').set({ is_active: false }).where('email', '=', email).execute()
    expect(codeOf(await login(api.connect(), email))).toBe('ACCOUNT_INACTIVE')
    expect(codeOf(await login(api.connect(), email, 'Wr0ng-Password'))).toBe('INVALID_CREDENTIALS')
  })

  test('blocks an address after five failures, even parallel ones; successes do not count', async () => {
    const strict = await buildTestApp({ config: { rateLimitScale: 1 } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(strict.connect(), 'nobody@example.test')))
    const codes = answers.map(codeOf)
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15)
    await strict.close()
  })

  test('answers OVERLOADED to parallel sign-ins beyond the hashing capacity, and loses none', async () => {
    const busy = await buildTestApp({ config: { passwords: { cost: 11, maxWaitMs: 300 } } })
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => login(busy.connect(), `nobody-${index}@example.test`)),
    )
    const refused = answers.filter(({ statusCode }) => statusCode === 503)
    expect(refused.length).toBeGreaterThan(0)
    expect(new Set(refused.map(codeOf))).toEqual(new Set(['OVERLOADED']))
    expect(refused.every(({ headers }) => Number(headers['retry-after']) > 0)).toBe(true)
    expect(answers.filter(({ statusCode }) => statusCode === 401).length).toBe(40 - refused.length)
    expect(refused.length).toBeLessThan(40)
    await busy.close()
  })

  test('rehashes a password at the next sign-in after the cost was raised', async () => {
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
    const costlier = await buildApp(deps)
    const answer = await costlier.inject({ method: 'POST', url: '/api/v1/auth/login', payload: { email, password } })
    expect(answer.statusCode).toBe(200)
    expect(await hash()).toMatch(/^k1\$\$2b\$05\$/)
    await costlier.close()
    await close()
  })

  test('ends the least recently used session when the twenty-first opens', async () => {
    const { email, client } = await registered(api)
    for (let sessions = 0; sessions < 20; sessions++) {
      clock.advance(1_000)
      await login(api.connect(), email)
    }
    expect(codeOf(await client.inject('POST', '/api/v1/auth/refresh'))).toBe('SESSION_REVOKED')
  })

  test('records success and failure, never the password', async () => {
    const { email, id } = await registered(api)
    await login(api.connect(), email, 'Wr0ng-Password')
    await login(api.connect(), email)
    const events = await auditOf(api, id)
    expect(events.map(({ action }) => action)).toEqual(['user.registered', 'auth.login_failed', 'auth.login_succeeded'])
    expect(JSON.stringify(events)).not.toContain('Wr0ng-Password')
  })
})
