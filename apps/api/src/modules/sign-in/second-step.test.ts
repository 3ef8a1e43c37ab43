import { randomUUID } from 'node:crypto'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signDevice } from '../../http/device-cookie.ts'
import { buildTestApp, type TestApp } from '../../testing/api.ts'
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

const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))
const statuses = (answers: { statusCode: number }[]) => answers.map(({ statusCode }) => statusCode)
const me = '/api/v1/users/me'
/** How many codes were looked at and found wrong. */
const failures = async (userId: string) =>
  (await auditOf(api, userId)).filter(({ action }) => action === 'auth.code_failed').length

describe('a sign-in with a second factor', () => {
  test('answers a challenge and neither a session nor the id of the person', async () => {
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

  test('is finished by the code of the app, as the first step began it', async () => {
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

  test('is finished by the mailed code, which stands nowhere but in the mail', async () => {
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

  test('takes its code once, also when it comes twenty times at once', async () => {
    for (const begin of [withTotp, withOtp]) {
      const person = await begin(api, clock)
      const challengeToken = await challenged(api, person.email)
      const code =
        'app' in person
          ? (person as Awaited<ReturnType<typeof withTotp>>).app.code()
          : await loginCode(api, person.email)
      const answers = await times(20, () => verify(api.connect(), challengeToken, code))
      expect(statuses(answers).filter((status) => status === 200)).toHaveLength(1)
      expect(codeOf(await verify(api.connect(), challengeToken, code))).toBe('CHALLENGE_INVALID')
    }
  })

  test('one code of an app opens one of two sign-ins at once, and no later one', async () => {
    const { email, app } = await withTotp(api, clock)
    const [one, other] = [await challenged(api, email), await challenged(api, email)]
    const code = app.code()
    const answers = await Promise.all([verify(api.connect(), one, code), verify(api.connect(), other, code)])
    expect(statuses(answers).sort()).toEqual([200, 400])
    expect(codeOf(await verify(api.connect(), await challenged(api, email), code))).toBe('OTP_INVALID')
    clock.advance(stepMs)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
  })

  test('a code of the step before counts, unless a later one was accepted', async () => {
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

  test('ends after five minutes', async () => {
    const { email, app } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    clock.advance(5 * minuteMs - 1)
    expect(codeOf(await verify(api.connect(), challengeToken, wrong(app.code())))).toBe('OTP_INVALID')
    clock.advance(1)
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('a challenge of other making is none', async () => {
    const { email, app } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    const [kid, text = '', mac] = challengeToken.split('.')
    const otherId = Buffer.from('01890000-0000-7000-8000-000000000000').toString('base64url')
    for (const forged of [`${kid}.${otherId}.${mac}`, `k2.${text}.${mac}`, text, '', 'x'.repeat(300)])
      expect(codeOf(await verify(api.connect(), forged, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('dies when the password is reset, which does not skip the second factor', async () => {
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

  test('dies with a password that was changed behind its back', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    await api.db.updateTable('users').set({ password_hash: 'another' }).where('id', '=', id).execute()
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('dies when the factor is replaced', async () => {
    const person = await withTotp(api, clock)
    const before = await challenged(api, person.email)
    const proof = { password, code: person.app.code() }
    const renewed = appOf((await setUpTotp(person.client, proof)).json().data.secret, clock)
    expect((await confirmTotp(person.client, renewed.code())).statusCode).toBe(200)
    clock.advance(stepMs)
    expect(codeOf(await verify(api.connect(), before, renewed.code()))).toBe('CHALLENGE_INVALID')
  })

  test('tells that the account is inactive only when the code was right, and uses nothing up', async () => {
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

describe('wrong codes', () => {
  test('of fifty at once, before and after another mail, five are looked at, and the right one comes too late', async () => {
    const { email, id } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    const first = wrong(await loginCode(api, email))
    const attempt = () => verify(api.connect(), challengeToken, first)
    await times(25, attempt)
    clock.advance(minuteMs)
    const again = resend(api.connect(), challengeToken)
    const answers = await Promise.all([again, ...Array.from({ length: 25 }, attempt)])
    expect(answers.slice(1).every(({ statusCode }) => statusCode >= 400)).toBe(true)
    expect(await failures(id)).toBe(5)
    clock.advance(minuteMs)
    expect(codeOf(await verify(api.connect(), challengeToken, await loginCode(api, email)))).toBe('CHALLENGE_INVALID')
  })

  test('a challenge ends with its fifth even when the account waits for nothing', async () => {
    const { email, id } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    const code = await loginCode(api, email)
    const unlock = () => api.db.deleteFrom('sign_in_failures').execute()
    for (let tries = 0; tries < 5; tries++) {
      expect(codeOf(await verify(api.connect(), challengeToken, wrong(code)))).toBe('OTP_INVALID')
      await unlock()
    }
    expect(codeOf(await verify(api.connect(), challengeToken, code))).toBe('CHALLENGE_INVALID')
    expect(codeOf(await resend(api.connect(), challengeToken))).toBe('CHALLENGE_INVALID')
    expect(await failures(id)).toBe(5)
  })

  test('of fifty at once from as many browsers of the person, whose tries the account counts apart, five are looked at', async () => {
    const { email, id, app } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    const answers = await times(50, () => {
      const device = signDevice(api.deps.config.keys.cookie, { userId: id, deviceId: randomUUID() })
      return verify(api.connect(new Map([['muster_device', device]])), challengeToken, wrong(app.code()))
    })
    expect(answers.filter((answer) => codeOf(answer) === 'OTP_INVALID')).toHaveLength(5)
    expect(answers.filter((answer) => codeOf(answer) === 'CHALLENGE_INVALID')).toHaveLength(45)
    expect(await failures(id)).toBe(5)
  })

  test('another mail gives no further tries', async () => {
    const { email } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    for (let tries = 0; tries < 4; tries++)
      await verify(api.connect(), challengeToken, wrong(await loginCode(api, email)))
    clock.advance(minuteMs)
    expect((await resend(api.connect(), challengeToken)).statusCode).toBe(202)
    expect(codeOf(await verify(api.connect(), challengeToken, wrong(await loginCode(api, email))))).toBe('OTP_INVALID')
    clock.advance(30_000)
    expect(codeOf(await verify(api.connect(), challengeToken, await loginCode(api, email)))).toBe('CHALLENGE_INVALID')
  })

  test('the fifth try may still be right, and right ones forget the wrong ones before', async () => {
    const { email, app } = await withTotp(api, clock)
    for (let rounds = 0; rounds < 2; rounds++) {
      const challengeToken = await challenged(api, email)
      for (let tries = 0; tries < 4; tries++) await verify(api.connect(), challengeToken, wrong(app.code()))
      expect((await verify(api.connect(), challengeToken, app.code())).statusCode).toBe(200)
      clock.advance(stepMs)
    }
  })

  test('lock the account however many sign-ins are begun, and its owner is told', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const tokens = await manyChallenged(api, email, 10)
    const answers = await Promise.all(
      tokens.flatMap((token) => Array.from({ length: 5 }, () => verify(api.connect(), token, wrong(app.code())))),
    )
    expect(answers.filter((answer) => codeOf(answer) === 'OTP_INVALID')).toHaveLength(5)
    expect(answers.filter((answer) => codeOf(answer) === 'ACCOUNT_LOCKED')).toHaveLength(45)
    expect(await failures(id)).toBe(5)
    const told = (await mailsTo(api, email)).find(({ template }) => template === 'account-locked')
    expect(told?.data).toMatchObject({ kind: 'code' })
    const locked = await verify(api.connect(), await challenged(api, email), app.code())
    expect([codeOf(locked), locked.headers['retry-after']]).toEqual(['ACCOUNT_LOCKED', '30'])
    // The factor's own counter: the password is asked for as ever.
    clock.advance(30_000)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
  })

  test('five of an address end its tries, successes cost nothing', async () => {
    const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
    const { email, app } = await withTotp(strict, clock)
    const challengeToken = await challenged(strict, email)
    expect((await verify(strict.connect(), challengeToken, app.code())).statusCode).toBe(200)
    clock.advance(stepMs)
    const other = await challenged(strict, email)
    const codes = (await times(20, () => verify(strict.connect(), other, wrong(app.code())))).map(codeOf)
    expect(codes.filter((code) => code === 'OTP_INVALID')).toHaveLength(5)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15)
    await strict.close()
  })

  test('a right code sent six times at once uses up no try of its address', async () => {
    const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
    const { email, app } = await withTotp(strict, clock)
    const challengeToken = await challenged(strict, email)
    const answers = await times(6, () => verify(strict.connect(), challengeToken, app.code()))
    expect(statuses(answers).sort()).toEqual([200, ...Array(5).fill(401)])
    clock.advance(stepMs)
    expect((await verify(strict.connect(), await challenged(strict, email), app.code())).statusCode).toBe(200)
    await strict.close()
  })

  test('what has not the form of a code is refused and costs no try', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const challengeToken = await challenged(api, email)
    for (const code of ['12345', '1234567', 'abcdef', '12345६', 'abcd-abcd-abcd-abcd-abcd-abc1']) {
      const answer = await verify(api.connect(), challengeToken, code)
      expect([codeOf(answer), answer.json().error.details[0].path]).toEqual(['VALIDATION_FAILED', 'body.code'])
    }
    expect(await failures(id)).toBe(0)
    expect((await verify(api.connect(), challengeToken, app.code())).statusCode).toBe(200)
  })
})

describe('another mail', () => {
  test('goes out once a minute, whoever asks how often', async () => {
    const { email } = await withOtp(api, clock)
    const challengeToken = await challenged(api, email)
    const mails = await countCodeMails(api, email)
    const early = await resend(api.connect(), challengeToken)
    expect([codeOf(early), early.headers['retry-after']]).toEqual(['COOLDOWN', '60'])
    clock.advance(minuteMs)
    const answers = await times(20, () => resend(api.connect(), challengeToken))
    expect(statuses(answers).sort()).toEqual([202, ...Array(19).fill(429)])
    for (const answer of answers.filter(({ statusCode }) => statusCode === 429))
      expect(answer.headers['retry-after']).toBe('60')
    expect(await countCodeMails(api, email)).toBe(mails + 1)
  })

  test('makes the code before worthless and does not prolong the sign-in', async () => {
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

  test('sign-ins begun within a minute share one, and its code opens one of them', async () => {
    const { email } = await withOtp(api, clock)
    const mails = await countCodeMails(api, email)
    const tokens = await manyChallenged(api, email, 20)
    expect(await countCodeMails(api, email)).toBe(mails + 1)
    const code = await loginCode(api, email)
    const answers = await Promise.all(tokens.map((token) => verify(api.connect(), token, code)))
    expect(statuses(answers).filter((status) => status === 200)).toHaveLength(1)

    clock.advance(minuteMs)
    const others = await manyChallenged(api, email, 20)
    clock.advance(minuteMs)
    const asked = await Promise.all(others.map((token) => resend(api.connect(), token)))
    expect(statuses(asked)).toEqual(Array(20).fill(202))
    expect(await countCodeMails(api, email)).toBe(mails + 3)
    expect((await verify(api.connect(), others[7] as string, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('finishes the other of two sign-ins that shared one', async () => {
    const { email } = await withOtp(api, clock)
    const [one, other] = [await challenged(api, email), await challenged(api, email)]
    const code = await loginCode(api, email)
    expect((await verify(api.connect(), one, code)).statusCode).toBe(200)
    expect(codeOf(await verify(api.connect(), other, code))).toBe('OTP_INVALID')
    clock.advance(minuteMs)
    expect((await resend(api.connect(), other)).statusCode).toBe(202)
    expect((await verify(api.connect(), other, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('is for codes by mail', async () => {
    const { email } = await withTotp(api, clock)
    expect(codeOf(await resend(api.connect(), await challenged(api, email)))).toBe('CONFLICT')
    expect(codeOf(await resend(api.connect(), 'k1.none.none'))).toBe('CHALLENGE_INVALID')
  })
})

describe('a recovery code', () => {
  test('stands in for the app once, in any case and with or without dashes, and its owner is told', async () => {
    const { email, id, recoveryCodes } = await withTotp(api, clock)
    const [first = '', second = ''] = recoveryCodes
    const answer = await verify(api.connect(), await challenged(api, email), first.toUpperCase().replaceAll('-', ''))
    expect(answer.statusCode).toBe(200)
    expect(answer.json().message).toContain('9 are left')
    expect(
      (await mailsTo(api, email)).find(({ data }) => (data as { change?: string }).change === 'recovery-code-used'),
    ).toBeDefined()
    expect((await auditOf(api, id)).map(({ action }) => action)).toContain('auth.recovery_code_used')
    expect(codeOf(await verify(api.connect(), await challenged(api, email), first))).toBe('OTP_INVALID')
    expect((await verify(api.connect(), await challenged(api, email), second)).json().message).toContain('8 are left')
  })

  test('used in twenty sign-ins at once opens one', async () => {
    const { email, recoveryCodes } = await withTotp(api, clock)
    const tokens = await manyChallenged(api, email, 20)
    const answers = await Promise.all(tokens.map((token) => verify(api.connect(), token, recoveryCodes[0] as string)))
    expect(statuses(answers).filter((status) => status === 200)).toHaveLength(1)
  })

  test('rests only as a hash', async () => {
    const { id, recoveryCodes } = await withTotp(api, clock)
    const rows = await api.db.selectFrom('recovery_codes').selectAll().where('user_id', '=', id).execute()
    expect(rows).toHaveLength(10)
    const text = JSON.stringify(rows) + rows.map(({ code_hash }) => code_hash.toString('latin1')).join()
    for (const code of recoveryCodes) {
      expect(text).not.toContain(code)
      expect(text).not.toContain(code.replaceAll('-', ''))
    }
  })

  test('of somebody else is none', async () => {
    const [one, other] = [await withTotp(api, clock), await withTotp(api, clock)]
    expect(
      codeOf(await verify(api.connect(), await challenged(api, one.email), other.recoveryCodes[0] as string)),
    ).toBe('OTP_INVALID')
  })
})
