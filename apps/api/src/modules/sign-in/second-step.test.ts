import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusesOf, times } from '../../testing/responses.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import {
  appOf,
  challenged,
  confirmTotp,
  countCodeMails,
  loginCode,
  manyChallenged,
  resend,
  setUpTotp,
  stepMs,
  verify,
  withOtp,
  withTotp,
  wrong,
} from '../two-factor/testing/two-factor-fixtures.ts'
import { auditOf, codeOf, login, mailedResetToken, mailsTo, password } from './testing/sign-in-fixtures.ts'

const minuteMs = 60_000
let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const me = '/api/v1/users/me'

describe('a sign-in with a second factor', () => {
  test('returns a challenge, and neither a session nor the user’s id', async () => {
    const { email, id } = await withTotp(api, clock)
    const answer = await login(api.connect(), email)
    expect(answer.statusCode).toBe(200)
    expect(answer.cookies).toEqual([])
    expect(answer.json().data).toEqual({
      requiresTwoFactor: true,
      method: 'totp',
      challengeToken: expect.stringMatching(/^k1\.[\w-]+\.[\w-]{43}$/),
      expiresAt: new Date(clock.now().getTime() + 5 * minuteMs).toISOString(),
    })
    const [, encoded = ''] = answer.json().data.challengeToken.split('.')
    expect(Buffer.from(encoded, 'base64url').toString()).not.toContain(id)
    expect(answer.body).not.toContain(id)
  })

  test('is completed by the app’s code, with the options of the first step', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const begun = await api.connect().inject('POST', '/api/v1/auth/login', { email, password, rememberMe: true })
    const client = api.connect()
    const answer = await verify(client, begun.json().data.challengeToken, app.code())
    expect(answer.statusCode).toBe(200)
    expect(answer.json().data.user).toMatchObject({ email, twoFactorMethod: 'totp' })
    expect((await client.inject('GET', me)).statusCode).toBe(200)
    const session = await api.db
      .selectFrom('sessions')
      .selectAll()
      .where('user_id', '=', id)
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    expect(session.is_remembered).toBe(true)
    expect((await auditOf(api, id)).at(-1)).toMatchObject({
      action: 'auth.login_succeeded',
      after: { method: 'password', rememberMe: true, secondFactor: 'totp' },
    })
  })

  test('is completed by the mailed code, which is stored nowhere', async () => {
    const { email, id } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    const code = await loginCode(api, email)
    const mail = (await mailsTo(api, email)).at(-1)
    expect(mail).toMatchObject({
      template: 'login-code',
      data: { action: 'sign-in' },
      expires_at: new Date(clock.now().getTime() + 5 * minuteMs),
    })
    expect(JSON.stringify(mail)).not.toContain(code)
    const rows = await api.db.selectFrom('two_factor_challenges').selectAll().where('user_id', '=', id).execute()
    expect(JSON.stringify(rows)).not.toContain(code)
    expect((await verify(api.connect(), challengeToken, ` ${code.slice(0, 3)} ${code.slice(3)}`)).statusCode).toBe(200)
  })

  test('accepts its code once, of twenty parallel requests too', async () => {
    for (const begin of [withTotp, withOtp]) {
      const user = await begin(api, clock)
      const challengeToken = await challenged(api, user.email)
      const code =
        'app' in user ? (user as Awaited<ReturnType<typeof withTotp>>).app.code() : await loginCode(api, user.email)
      const answers = await times(20, () => verify(api.connect(), challengeToken, code))
      expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(1)
      expect(codeOf(await verify(api.connect(), challengeToken, code))).toBe('CHALLENGE_INVALID')
    }
  })

  test('accepts one app code in only one of two parallel sign-ins', async () => {
    const { email, app } = await withTotp(api, clock)
    const [one, other] = [await challenged(api, email), await challenged(api, email)]
    const code = app.code()
    const answers = await Promise.all([verify(api.connect(), one, code), verify(api.connect(), other, code)])
    expect(statusesOf(answers).sort()).toEqual([200, 400])
    expect(codeOf(await verify(api.connect(), await challenged(api, email), code))).toBe('OTP_INVALID')
    clock.advance(stepMs)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
  })

  test('accepts a code of the previous time step, unless a later one was accepted', async () => {
    const { email, app } = await withTotp(api, clock)
    const early = app.code()
    clock.advance(stepMs)
    expect((await verify(api.connect(), await challenged(api, email), early)).statusCode).toBe(200)
    const older = app.code()
    clock.advance(stepMs)
    const newer = app.code()
    expect((await verify(api.connect(), await challenged(api, email), newer)).statusCode).toBe(200)
    expect(codeOf(await verify(api.connect(), await challenged(api, email), older))).toBe('OTP_INVALID')
  })

  test('expires after five minutes', async () => {
    const { email, app } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    clock.advance(5 * minuteMs - 1)
    expect(codeOf(await verify(api.connect(), challengeToken, wrong(app.code())))).toBe('OTP_INVALID')
    clock.advance(1)
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('refuses a challenge token that is not ours', async () => {
    const { email, app } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    const [kid, text = '', mac] = challengeToken.split('.')
    const otherId = Buffer.from('01890000-0000-7000-8000-000000000000').toString('base64url')
    for (const forged of [`${kid}.${otherId}.${mac}`, `k2.${text}.${mac}`, text, '', 'x'.repeat(300)])
      expect(codeOf(await verify(api.connect(), forged, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('ends with a password reset, which does not skip the second factor', async () => {
    const { email, app } = await withTotp(api, clock)
    const before = await challenged(api, email)
    await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email })
    const renewed = 'An0ther-Password'
    const reset = { token: await mailedResetToken(api, email), password: renewed }
    expect((await api.connect().inject('POST', '/api/v1/auth/reset-password', reset)).statusCode).toBe(200)
    expect(codeOf(await verify(api.connect(), before, app.code()))).toBe('CHALLENGE_INVALID')
    const after = await login(api.connect(), email, renewed)
    expect([after.json().data.requiresTwoFactor, after.cookies]).toEqual([true, []])
    expect((await verify(api.connect(), after.json().data.challengeToken, app.code())).statusCode).toBe(200)
  })

  test('ends with a change of the password', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    await api.db.updateTable('users').set({ password_hash: 'another' }).where('id', '=', id).execute()
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('ends with a change of the factor', async () => {
    const user = await withTotp(api, clock)
    const before = await challenged(api, user.email)
    const proof = { password, code: user.app.code() }
    const renewed = appOf((await setUpTotp(user.client, proof)).json().data.secret, clock)
    expect((await confirmTotp(user.client, renewed.code())).statusCode).toBe(200)
    clock.advance(stepMs)
    expect(codeOf(await verify(api.connect(), before, renewed.code()))).toBe('CHALLENGE_INVALID')
  })

  test('reveals a deactivated account only to a correct code, which stays usable', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    const setActive = (isActive: boolean) =>
      api.db.updateTable('users').set({ is_active: isActive }).where('id', '=', id).execute()
    await setActive(false)
    expect(codeOf(await verify(api.connect(), challengeToken, wrong(app.code())))).toBe('OTP_INVALID')
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('ACCOUNT_INACTIVE')
    await setActive(true)
    expect((await verify(api.connect(), challengeToken, app.code())).statusCode).toBe(200)
  })
})

describe('another mailed code', () => {
  test('is mailed once a minute, for any number of requests', async () => {
    const { email } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    const mails = await countCodeMails(api, email)
    const early = await resend(api.connect(), challengeToken)
    expect([codeOf(early), early.headers['retry-after']]).toEqual(['COOLDOWN', '60'])
    clock.advance(minuteMs)
    const answers = await times(20, () => resend(api.connect(), challengeToken))
    expect(statusesOf(answers).sort()).toEqual([202, ...Array(19).fill(429)])
    for (const answer of answers.filter(({ statusCode }) => statusCode === 429))
      expect(answer.headers['retry-after']).toBe('60')
    expect(await countCodeMails(api, email)).toBe(mails + 1)
  })

  test('replaces the previous code and does not extend the sign-in', async () => {
    const { email } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    const before = await loginCode(api, email)
    clock.advance(4 * minuteMs)
    await resend(api.connect(), challengeToken)
    const after = await loginCode(api, email)
    expect(codeOf(await verify(api.connect(), challengeToken, before))).toBe('OTP_INVALID')
    clock.advance(minuteMs - 1)
    expect((await verify(api.connect(), challengeToken, after)).statusCode).toBe(200)
  })

  test('is shared by sign-ins that begin within a minute, and completes one of them', async () => {
    const { email } = await withOtp(api, clock)
    const mails = await countCodeMails(api, email)
    const tokens = await manyChallenged(api, email, 20)
    expect(await countCodeMails(api, email)).toBe(mails + 1)
    const code = await loginCode(api, email)
    const answers = await Promise.all(tokens.map((token) => verify(api.connect(), token, code)))
    expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(1)

    clock.advance(minuteMs)
    const others = await manyChallenged(api, email, 20)
    clock.advance(minuteMs)
    const asked = await Promise.all(others.map((token) => resend(api.connect(), token)))
    expect(statusesOf(asked)).toEqual(Array(20).fill(202))
    expect(await countCodeMails(api, email)).toBe(mails + 3)
    expect((await verify(api.connect(), others[7] as string, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('completes the other one of two sign-ins that shared a mail', async () => {
    const { email } = await withOtp(api, clock)
    const [one, other] = [await challenged(api, email), await challenged(api, email)]
    const code = await loginCode(api, email)
    expect((await verify(api.connect(), one, code)).statusCode).toBe(200)
    expect(codeOf(await verify(api.connect(), other, code))).toBe('OTP_INVALID')
    clock.advance(minuteMs)
    expect((await resend(api.connect(), other)).statusCode).toBe(202)
    expect((await verify(api.connect(), other, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('is refused for an app', async () => {
    const { email } = await withTotp(api, clock)
    expect(codeOf(await resend(api.connect(), await challenged(api, email)))).toBe('CONFLICT')
    expect(codeOf(await resend(api.connect(), 'k1.none.none'))).toBe('CHALLENGE_INVALID')
  })
})
