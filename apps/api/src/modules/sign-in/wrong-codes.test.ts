import { randomUUID } from 'node:crypto'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signDevice } from '../../http/device-cookie.ts'
import { statusesOf, times } from '../../testing/responses.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import {
  challenged,
  loginCode,
  manyChallenged,
  resend,
  stepMs,
  verify,
  withOtp,
  withTotp,
  wrong,
} from '../two-factor/testing/two-factor-fixtures.ts'
import { auditOf, codeOf, mailsTo } from './testing/sign-in-fixtures.ts'

const minuteMs = 60_000
let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

/** Counts the codes that were checked and found wrong. */
const failures = async (userId: string) =>
  (await auditOf(api, userId)).filter(({ action }) => action === 'auth.code_failed').length

describe('wrong codes', () => {
  test('in fifty parallel requests: five are checked, and the correct one is refused then', async () => {
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

  test('end the challenge at the fifth, even when the account is not locked', async () => {
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

  test('from fifty known browsers, which the lockout counts apart: five are checked', async () => {
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

  test('get no further tries from another mail', async () => {
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

  test('do not affect a correct fifth try, which ends the streak', async () => {
    const { email, app } = await withTotp(api, clock)
    for (let rounds = 0; rounds < 2; rounds++) {
      const challengeToken = await challenged(api, email)
      for (let tries = 0; tries < 4; tries++) await verify(api.connect(), challengeToken, wrong(app.code()))
      expect((await verify(api.connect(), challengeToken, app.code())).statusCode).toBe(200)
      clock.advance(stepMs)
    }
  })

  test('lock the account across all sign-ins, and its owner is alerted', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const tokens = await manyChallenged(api, email, 10)
    const answers = await Promise.all(
      tokens.flatMap((token) => Array.from({ length: 5 }, () => verify(api.connect(), token, wrong(app.code())))),
    )
    expect(answers.filter((answer) => codeOf(answer) === 'OTP_INVALID')).toHaveLength(5)
    expect(answers.filter((answer) => codeOf(answer) === 'ACCOUNT_LOCKED')).toHaveLength(45)
    expect(await failures(id)).toBe(5)
    const alert = (await mailsTo(api, email)).find(({ template }) => template === 'account-locked')
    expect(alert?.data).toMatchObject({ kind: 'code' })
    const locked = await verify(api.connect(), await challenged(api, email), app.code())
    expect([codeOf(locked), locked.headers['retry-after']]).toEqual(['ACCOUNT_LOCKED', '30'])
    // Codes have a counter of their own: the password is not locked.
    clock.advance(30_000)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
  })

  test('block an address after five; successes do not count', async () => {
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

  test('are not counted when a correct code is sent six times in parallel', async () => {
    const strict = await buildTestApp({ clock, config: { rateLimitScale: 1 } })
    const { email, app } = await withTotp(strict, clock)
    const challengeToken = await challenged(strict, email)
    const answers = await times(6, () => verify(strict.connect(), challengeToken, app.code()))
    expect(statusesOf(answers).sort()).toEqual([200, ...Array(5).fill(401)])
    clock.advance(stepMs)
    expect((await verify(strict.connect(), await challenged(strict, email), app.code())).statusCode).toBe(200)
    await strict.close()
  })

  test('do not include malformed codes, which are refused without a try', async () => {
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
