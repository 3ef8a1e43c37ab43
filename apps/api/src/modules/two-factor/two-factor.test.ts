import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusesOf, times } from '../../testing/responses.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { auditOf, codeOf, login, mailsTo, password, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  askToConfirm,
  challenged,
  confirmOtp,
  countCodeMails,
  disable,
  enableOtp,
  loginCode,
  renewCodes,
  setUpTotp,
  verify,
  withOtp,
  withTotp,
  wrong,
} from './testing/two-factor-fixtures.ts'

const minuteMs = 60_000
const otpEnable = '/api/v1/auth/two-factor/otp/enable'
let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const methodOf = async (client: TestClient) =>
  (await client.inject('GET', '/api/v1/users/me')).json().data.user.twoFactorMethod
const secretsOf = (userId: string) =>
  api.db.selectFrom('totp_secrets').selectAll().where('user_id', '=', userId).execute()
const changesMailed = async (email: string) =>
  (await mailsTo(api, email))
    .filter(({ template }) => template === 'two-factor-changed')
    .map(({ data }) => (data as { change: string }).change)
const withoutPassword = (id: string) =>
  api.db.updateTable('users').set({ password_hash: null }).where('id', '=', id).execute()

describe('a first factor', () => {
  test.each([
    ['an app', (client: TestClient, body?: object) => setUpTotp(client, body), 200],
    ['the mailed code', (client: TestClient, body?: object) => client.inject('POST', otpEnable, body), 202],
  ])('of %s requires the password in a session older than 15 minutes', async (_factor, begin, good) => {
    const { client } = await registered(api)
    clock.advance(15 * minuteMs)
    const refused = await begin(client)
    expect([refused.statusCode, refused.json().error.details[0].path]).toEqual([400, 'body.password'])
    expect(codeOf(await begin(client, { password: 'Wr0ng-password' }))).toBe('INVALID_CREDENTIALS')
    expect((await begin(client, { password })).statusCode).toBe(good)
  })
})

describe('the code by mail', () => {
  test('is turned on by a mailed code, and the change is mailed', async () => {
    const { client, email, id } = await registered(api)
    expect((await enableOtp(client)).statusCode).toBe(202)
    expect((await mailsTo(api, email)).at(-1)).toMatchObject({ template: 'login-code', data: { action: 'enable' } })
    const code = await loginCode(api, email)
    expect(codeOf(await confirmOtp(client, wrong(code)))).toBe('OTP_INVALID')
    expect(await methodOf(client)).toBe('none')
    expect(statusesOf(await times(4, () => confirmOtp(client, code))).filter((status) => status === 200)).toHaveLength(
      1,
    )
    expect(await methodOf(client)).toBe('otp')
    expect(await changesMailed(email)).toEqual(['otp-on'])
    expect((await auditOf(api, id)).at(-1)).toMatchObject({
      action: 'auth.two_factor_enabled',
      after: { twoFactorMethod: 'otp' },
    })
  })

  test('is valid for five minutes and five tries, regardless of further mails', async () => {
    const { client, email, id } = await registered(api)
    await enableOtp(client)
    const late = await loginCode(api, email)
    clock.advance(5 * minuteMs)
    expect(codeOf(await confirmOtp(client, late))).toBe('OTP_INVALID')

    await enableOtp(client)
    await times(25, async () => confirmOtp(client, wrong(await loginCode(api, email))))
    clock.advance(minuteMs)
    const used = await enableOtp(client)
    // The last mail is valid for four more minutes, but no tries are left.
    expect([codeOf(used), used.headers['retry-after']]).toEqual(['COOLDOWN', '240'])
    await times(25, async () => confirmOtp(client, wrong(await loginCode(api, email))))
    const failed = (await auditOf(api, id)).filter(({ action }) => action === 'auth.code_failed')
    expect(failed).toHaveLength(5)
    expect(codeOf(await confirmOtp(client, await loginCode(api, email)))).toBe('OTP_INVALID')
    clock.advance(4 * minuteMs)
    await enableOtp(client)
    expect((await confirmOtp(client, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('is mailed once a minute; a new one replaces the old one and keeps the tries', async () => {
    const { client, email } = await registered(api)
    expect(statusesOf(await times(20, () => enableOtp(client))).sort()).toEqual([202, ...Array(19).fill(429)])
    expect(await countCodeMails(api, email)).toBe(1)
    const first = await loginCode(api, email)
    for (let tries = 0; tries < 3; tries++) await confirmOtp(client, wrong(first))
    clock.advance(minuteMs)
    await enableOtp(client)
    expect(codeOf(await confirmOtp(client, first))).toBe('OTP_INVALID')
    expect((await confirmOtp(client, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('is not turned on beside an app, and not twice', async () => {
    expect(codeOf(await enableOtp((await withTotp(api, clock)).client))).toBe('CONFLICT')
    const { client } = await withOtp(api, clock)
    expect(codeOf(await enableOtp(client))).toBe('CONFLICT')
    expect(codeOf(await confirmOtp(client, '123456'))).toBe('CONFLICT')
  })

  test('for one purpose is refused for another', async () => {
    const { client, email } = await registered(api)
    await askToConfirm(client)
    expect(codeOf(await confirmOtp(client, await loginCode(api, email)))).toBe('OTP_INVALID')
  })
})

describe('turning the factor off', () => {
  test('requires the password and a code of the app, and deletes secret and recovery codes', async () => {
    const { client, email, id, app } = await withTotp(api, clock)
    const open = await challenged(api, email)
    expect(codeOf(await disable(client, { password, code: wrong(app.code()) }))).toBe('OTP_INVALID')
    expect(codeOf(await disable(client, { password: 'Wr0ng-Password', code: app.code() }))).toBe('INVALID_CREDENTIALS')
    expect(codeOf(await disable(client, { code: app.code() }))).toBe('VALIDATION_FAILED')
    expect((await disable(client, { password, code: app.code() })).statusCode).toBe(200)
    expect(await methodOf(client)).toBe('none')
    expect(await secretsOf(id)).toEqual([])
    expect(await api.db.selectFrom('recovery_codes').selectAll().where('user_id', '=', id).execute()).toEqual([])
    expect(await changesMailed(email)).toEqual(['totp-on', 'off'])
    expect((await auditOf(api, id)).map(({ action }) => action)).toContain('auth.two_factor_disabled')
    expect((await login(api.connect(), email)).json().data.requiresTwoFactor).toBe(false)
    expect(codeOf(await verify(api.connect(), open, app.code()))).toBe('CHALLENGE_INVALID')
  })

  test('accepts a recovery code, but no used code of the app', async () => {
    const { client, email, app, recoveryCodes } = await withTotp(api, clock)
    const code = app.code()
    await verify(api.connect(), await challenged(api, email), code)
    expect(codeOf(await disable(client, { password, code }))).toBe('OTP_INVALID')
    expect((await disable(client, { password, code: recoveryCodes[3] as string })).statusCode).toBe(200)
  })

  test('that is the mailed code requires a mailed confirmation code', async () => {
    const { client, email } = await withOtp(api, clock)
    expect((await askToConfirm(client)).statusCode).toBe(202)
    expect((await mailsTo(api, email)).at(-1)).toMatchObject({ data: { action: 'confirm' } })
    const code = await loginCode(api, email)
    expect(codeOf(await disable(client, { password: 'Wr0ng-Password', code }))).toBe('INVALID_CREDENTIALS')
    expect(codeOf(await disable(client, { password, code: wrong(code) }))).toBe('OTP_INVALID')
    expect((await disable(client, { password, code })).statusCode).toBe(200)
    expect(codeOf(await disable(client, { password, code }))).toBe('CONFLICT')
  })

  test('works for an account without a password by mailed codes', async () => {
    const mailed = await withOtp(api, clock)
    await withoutPassword(mailed.id)
    await askToConfirm(mailed.client)
    expect((await disable(mailed.client, { code: await loginCode(api, mailed.email) })).statusCode).toBe(200)

    const { client, email, id, app } = await withTotp(api, clock)
    await withoutPassword(id)
    const lacking = await disable(client, { code: app.code() })
    expect(lacking.json().error.details).toMatchObject([{ path: 'body.confirmationCode', code: 'REQUIRED' }])
    await askToConfirm(client)
    const body = { confirmationCode: await loginCode(api, email), code: app.code() }
    expect((await disable(client, body)).statusCode).toBe(200)
  })
})

describe('new recovery codes', () => {
  test('require the password, and replace the previous ones', async () => {
    const { client, email, recoveryCodes } = await withTotp(api, clock)
    expect(codeOf(await renewCodes(client, { password: 'Wr0ng-Password' }))).toBe('INVALID_CREDENTIALS')
    const renewed = (await renewCodes(client, { password })).json().data.recoveryCodes
    expect(new Set([...renewed, ...recoveryCodes]).size).toBe(20)
    const challengeToken = await challenged(api, email)
    expect(codeOf(await verify(api.connect(), challengeToken, recoveryCodes[0] as string))).toBe('OTP_INVALID')
    expect((await verify(api.connect(), challengeToken, renewed[0])).statusCode).toBe(200)
    expect(await changesMailed(email)).toEqual(['totp-on', 'recovery-codes', 'recovery-code-used'])
  })

  test('are counted as they are used, and belong to an app alone', async () => {
    const { client, email, recoveryCodes } = await withTotp(api, clock)
    const state = async (of: TestClient) => (await of.inject('GET', '/api/v1/auth/two-factor')).json().data.twoFactor
    expect(await state(client)).toEqual({ method: 'totp', requiredMethod: 'none', recoveryCodesLeft: 10 })
    const challengeToken = await challenged(api, email)
    expect((await verify(api.connect(), challengeToken, recoveryCodes[0] as string)).statusCode).toBe(200)
    expect(await state(client)).toMatchObject({ recoveryCodesLeft: 9 })
    const mailed = await withOtp(api, clock)
    expect(await state(mailed.client)).toEqual({ method: 'otp', requiredMethod: 'none', recoveryCodesLeft: 0 })
  })

  test('created four times in parallel leave one complete set', async () => {
    const { client, id } = await withTotp(api, clock)
    expect(statusesOf(await times(4, () => renewCodes(client, { password })))).toEqual(Array(4).fill(200))
    expect(await api.db.selectFrom('recovery_codes').selectAll().where('user_id', '=', id).execute()).toHaveLength(10)
  })

  test('require an app', async () => {
    const { client } = await withOtp(api, clock)
    expect(codeOf(await renewCodes(client, { password }))).toBe('CONFLICT')
  })
})
