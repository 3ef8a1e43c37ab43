import { passwordRules } from '@muster/security/password-policy'
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'

const url = '/api/v1/auth/session'
const nobody = { user: null, session: null, factorToSetUp: null, isDemo: false }
const clock = manualClock()
let api: TestApp

beforeAll(async () => {
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

describe('GET /auth/session', () => {
  test('answers a visitor with 200 and no user, sets no cookie and is not cached', async () => {
    const answer = await api.connect().inject('GET', url)
    expect([answer.statusCode, answer.json().data, answer.headers['set-cookie']]).toEqual([200, nobody, undefined])
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('answers a signed-in user with their profile and the end of the session', async () => {
    const user = await api.signUp()
    const { data } = (await user.inject('GET', url)).json()
    const profile = (await user.inject('GET', '/api/v1/users/me')).json().data.user
    expect(data).toEqual({
      user: profile,
      session: { id: user.sessionId, createdAt: clock.now().toISOString(), expiresAt: expect.any(String) },
      factorToSetUp: null,
      isDemo: false,
    })
  })

  test('renews an expired access token by the refresh cookie', async () => {
    const user = await api.signUp()
    clock.advance(16 * 60_000)
    const answer = await user.inject('GET', url)
    expect(answer.json().data.user.id).toBe(user.userId)
    expect(answer.cookies.map(({ name }) => name).sort()).toEqual(['muster_at', 'muster_rt'])
  })

  test.each([
    [
      'was ended elsewhere',
      (user: { cookies: Map<string, string> }) =>
        api.connect(new Map(user.cookies)).inject('POST', '/api/v1/auth/logout'),
    ],
    ['expired', async () => clock.advance(91 * 86_400_000)],
  ])('answers 200 and clears the cookies of a session that %s', async (_how, end) => {
    const user = await api.signUp()
    await end(user)
    await expect.poll(async () => (await user.inject('GET', '/api/v1/users/me')).statusCode).toBe(401)
    const answer = await user.inject('GET', url)
    expect([answer.statusCode, answer.json().data]).toEqual([200, nobody])
    expect(user.cookies.has('muster_at') || user.cookies.has('muster_rt')).toBe(false)
    expect((await user.inject('GET', url)).headers['set-cookie']).toBeUndefined()
  })

  test.each(['', 'nonsense', 'a.b.c', 'x'.repeat(3_000)])(
    'takes the cookie %j for none, and clears it',
    async (value) => {
      for (const name of ['muster_at', 'muster_rt']) {
        const client = api.connect(new Map([[name, value]]))
        const answer = await client.inject('GET', url)
        expect([answer.statusCode, answer.json().data]).toEqual([200, nobody])
        expect(client.cookies.has(name)).toBe(false)
      }
    },
  )

  test('HEAD neither renews nor clears anything', async () => {
    const user = await api.signUp()
    clock.advance(16 * 60_000)
    expect((await user.inject('HEAD', url)).headers['set-cookie']).toBeUndefined()
    const dead = api.connect(new Map([['muster_rt', 'dead']]))
    expect((await dead.inject('HEAD', url)).headers['set-cookie']).toBeUndefined()
  })

  test('names the second factor that the organization requires and the user lacks', async () => {
    const admin = await api.signUp()
    await admin.inject('PATCH', '/api/v1/organization', { twoFactorMethod: 'totp' })
    await expect.poll(async () => (await admin.inject('GET', url)).json().data.factorToSetUp).toBe('totp')
    expect((await admin.inject('GET', url)).json().data.user.id).toBe(admin.userId)
  })

  test('a user who no longer exists is nobody', async () => {
    const user = await api.signUp()
    await user.inject('GET', url)
    await api.db.updateTable('users').set({ is_active: false }).where('id', '=', user.userId).execute()
    expect((await user.inject('GET', url)).json().data).toEqual(nobody)
  })
})

describe('GET /auth/config', () => {
  const read = async (app: TestApp) => app.connect().inject('GET', '/api/v1/auth/config')

  test('tells visitors the rules that the server checks, and may be cached for minutes', async () => {
    const answer = await read(api)
    expect(answer.headers['cache-control']).toBe('public, max-age=300')
    expect(answer.json().data.config).toMatchObject({
      isDemo: false,
      signUp: 'open',
      google: null,
      password: { length: { min: 8, max: 128 }, rules: [...passwordRules] },
      username: { length: { min: 3, max: 30 }, pattern: '^[A-Za-z0-9_]{3,30}$' },
      name: { min: 1, max: 100 },
      bio: { max: 150 },
      code: { digits: 6, lifetimeSeconds: 300, resendSeconds: 60, tries: 5 },
      session: { accessSeconds: 900, idleSeconds: 604_800, rememberedIdleSeconds: 2_592_000, maxSeconds: 7_776_000 },
      uploads: {
        attachments: { field: 'files', maxFiles: 10, maxFileBytes: 10_485_760 },
        avatar: { field: 'file', maxFiles: 1, extensions: expect.arrayContaining(['.png']) },
      },
    })
    expect(answer.body).not.toMatch(/secret|clientId|postgres:|redis:/i)
  })

  test('tells a demo, an installation by invitation only, and where to begin with Google', async () => {
    const google = { issuer: new URL('https://accounts.google.com'), clientId: 'client', clientSecret: 'hidden' }
    const other = await buildTestApp({ config: { isDemo: true, isSignupOpen: false, google } })
    const answer = await read(other)
    expect(answer.json().data.config).toMatchObject({
      isDemo: true,
      signUp: 'invite',
      google: { startUrl: `${other.deps.config.publicUrl.origin}/api/v1/auth/google` },
    })
    expect(answer.body).not.toContain('hidden')
    // The pages of signed-in users need nothing else of the configuration.
    const states = await Promise.all([other.connect(), await other.signUp()].map((client) => client.inject('GET', url)))
    expect(states.map((state) => state.json().data.isDemo)).toEqual([true, true])
    await other.close()
  })
})

test.each([
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0',
    'Firefox',
    'Windows',
    'desktop',
    'Firefox on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1',
    'Chrome',
    'iOS',
    'mobile',
    'Chrome on iOS',
  ],
  [
    'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    'Safari',
    'iOS',
    'tablet',
    'Safari on iOS',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36',
    'Samsung Internet for Android',
    'Android',
    'mobile',
    'Samsung Internet on Android',
  ],
  [
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    'Chrome',
    'Chrome OS',
    'desktop',
    'Chrome on Chrome OS',
  ],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot', null, 'bot', 'Googlebot'],
  ['curl/8.5.0', 'curl', null, 'program', 'curl'],
  ['okhttp/4.12.0', 'okhttp', null, 'program', 'okhttp'],
  ['Tasks/12 CFNetwork/1568.200.51 Darwin/24.1.0', 'Tasks', null, 'program', 'Tasks'],
  ['Mozilla/5.0', null, null, 'unknown', 'Unknown device'],
  ['<b>\u202Eevil</b>', 'bevil', null, 'program', 'bevil'],
  ['', null, null, 'unknown', 'Unknown device'],
])('the session of %j has a readable device', async (userAgent, browser, os, kind, label) => {
  const user = await api.signUp()
  await api.db
    .updateTable('sessions')
    .set({ user_agent: userAgent || null })
    .where('id', '=', user.sessionId)
    .execute()
  const { sessions } = (await user.inject('GET', '/api/v1/auth/sessions')).json().data
  expect(sessions).toMatchObject([{ device: { browser, os, kind, label }, current: true }])
})
