import { unseal } from '@muster/security/seal'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/api.ts'
import { auditOf, codeOf, login, mailsTo, password, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  appOf,
  askToConfirm,
  challenged,
  confirmOtp,
  confirmTotp,
  countCodeMails,
  disable,
  enableOtp,
  loginCode,
  renewCodes,
  setUpTotp,
  stepMs,
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

const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make))
const statuses = (answers: { statusCode: number }[]) => answers.map(({ statusCode }) => statusCode)
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

describe('setting an authenticator app up', () => {
  test('shows the secret as text, as address and as a picture, and turns nothing on before its first code', async () => {
    const { client, email, id } = await registered(api)
    const { secret, otpauthUrl, qrCode } = (await setUpTotp(client)).json().data
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(new URL(otpauthUrl).searchParams.get('secret')).toBe(secret)
    const picture = Buffer.from(qrCode.replace('data:image/png;base64,', ''), 'base64')
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect((await login(api.connect(), email)).json().data.requiresTwoFactor).toBe(false)

    const app = appOf(secret, clock)
    expect(codeOf(await confirmTotp(client, wrong(app.code())))).toBe('OTP_INVALID')
    expect(await methodOf(client)).toBe('none')
    const confirmed = await confirmTotp(client, app.code())
    expect(confirmed.json().data.recoveryCodes).toHaveLength(10)
    expect(await methodOf(client)).toBe('totp')
    expect(await changesMailed(email)).toEqual(['totp-on'])
    expect((await auditOf(api, id)).at(-1)).toMatchObject({
      action: 'auth.two_factor_enabled',
      before: { twoFactorMethod: 'none' },
      after: { twoFactorMethod: 'totp' },
    })
  })

  test('leaves the secret in the database only sealed, for its own person', async () => {
    const { id, app } = await withTotp(api, clock)
    const other = await withTotp(api, clock)
    const [row] = await secretsOf(id)
    const stored = Buffer.from(row?.sealed as Buffer)
    expect(stored.includes(app.secret)).toBe(false)
    expect(stored.toString('latin1')).not.toContain(app.text)
    const dump = JSON.stringify(await auditOf(api, id)) + JSON.stringify(await mailsTo(api, other.email))
    expect(dump).not.toContain(app.text)
    const ring = api.deps.config.keys.encryption
    const sealed = { keyId: row?.key_id as string, sealed: stored }
    expect(unseal(ring, sealed, `totp:${id}`)).toEqual(app.secret)
    expect(() => unseal(ring, sealed, `totp:${other.id}`)).toThrow()
  })

  test.each([0, 1, 4])('in five tabs at once works in each of them: number %i', async (tab) => {
    const { client, id, email } = await registered(api)
    const answers = await times(5, () => setUpTotp(client))
    const apps = answers.map((answer) => appOf(answer.json().data.secret, clock))
    expect((await confirmTotp(client, apps[tab]?.code() ?? '')).statusCode).toBe(200)
    expect(await secretsOf(id)).toHaveLength(1)
    clock.advance(minuteMs)
    // The others are worth nothing: neither do they sign in, nor replace the one in use.
    for (const [other, app] of apps.entries()) {
      if (other !== tab) expect(codeOf(await confirmTotp(client, app.code()))).toBe('CONFLICT')
      const answer = await verify(api.connect(), await challenged(api, email), app.code())
      expect([other, answer.statusCode]).toEqual([other, other === tab ? 200 : 400])
    }
  })

  test('again and again keeps five secrets, each for a quarter of an hour; older codes are worth nothing', async () => {
    const { client, id } = await registered(api)
    const begin = async () => appOf((await setUpTotp(client, { password })).json().data.secret, clock)
    const first = await begin()
    clock.advance(10 * minuteMs)
    const second = await begin()
    clock.advance(5 * minuteMs)
    expect(codeOf(await confirmTotp(client, first.code()))).toBe('OTP_INVALID')
    for (let times = 0; times < 5; times++) await begin()
    expect(await secretsOf(id)).toHaveLength(1)
    expect(codeOf(await confirmTotp(client, second.code()))).toBe('OTP_INVALID')
    expect((await confirmTotp(client, (await begin()).code())).statusCode).toBe(200)
  })

  test('twenty times with the same first code at once turns it on once, and one set of recovery codes counts', async () => {
    const { client, email, id } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    const answers = await times(20, () => confirmTotp(client, app.code()))
    const won = answers.filter(({ statusCode }) => statusCode === 200)
    expect(won).toHaveLength(1)
    expect(await changesMailed(email)).toEqual(['totp-on'])
    expect(await secretsOf(id)).toHaveLength(1)
    clock.advance(minuteMs)
    const recoveryCode = won[0]?.json().data.recoveryCodes[0]
    expect((await verify(api.connect(), await challenged(api, email), recoveryCode)).statusCode).toBe(200)
  })

  test('uses up the time step of the code that confirmed it', async () => {
    const { client, email } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    const code = app.code()
    await confirmTotp(client, code)
    expect(codeOf(await verify(api.connect(), await challenged(api, email), code))).toBe('OTP_INVALID')
  })

  test('begun a quarter of an hour ago is begun again', async () => {
    const { client } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    clock.advance(15 * minuteMs)
    expect(codeOf(await confirmTotp(client, app.code()))).toBe('CONFLICT')
    expect(codeOf(await confirmTotp((await registered(api)).client, '123456'))).toBe('CONFLICT')
  })

  test('of fifty wrong codes at once five are looked at', async () => {
    const { client, id } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    await times(50, () => confirmTotp(client, wrong(app.code())))
    const failed = (await auditOf(api, id)).filter(({ action }) => action === 'auth.code_failed')
    expect(failed).toHaveLength(5)
    expect(codeOf(await confirmTotp(client, app.code()))).toBe('ACCOUNT_LOCKED')
  })

  test('takes the place of the code by mail', async () => {
    const { client, email } = await withOtp(api, clock)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    expect((await confirmTotp(client, app.code())).statusCode).toBe(200)
    clock.advance(stepMs)
    const mails = await countCodeMails(api, email)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
    expect(await countCodeMails(api, email)).toBe(mails)
  })
})

describe('a first factor', () => {
  test.each([
    ['an app', (client: TestClient, body?: object) => setUpTotp(client, body), 200],
    ['the mailed code', (client: TestClient, body?: object) => client.inject('POST', otpEnable, body), 202],
  ])('of %s asks a session that is older than 15 minutes for the password', async (_factor, begin, good) => {
    const { client } = await registered(api)
    clock.advance(15 * minuteMs)
    const refused = await begin(client)
    expect([refused.statusCode, refused.json().error.details[0].path]).toEqual([400, 'body.password'])
    expect(codeOf(await begin(client, { password: 'Wr0ng-password' }))).toBe('INVALID_CREDENTIALS')
    expect((await begin(client, { password })).statusCode).toBe(good)
  })
})

describe('an app in use', () => {
  test('is replaced only by who has the password and a code of it; until the new one is confirmed the old one counts', async () => {
    const person = await withTotp(api, clock)
    const { client, email, app, recoveryCodes } = person
    expect(codeOf(await setUpTotp(client))).toBe('CONFLICT')
    expect(codeOf(await setUpTotp(client, { password, code: wrong(app.code()) }))).toBe('OTP_INVALID')
    expect(codeOf(await setUpTotp(client, { password: 'Wr0ng-Password', code: app.code() }))).toBe(
      'INVALID_CREDENTIALS',
    )
    expect(codeOf(await setUpTotp(client, { code: app.code() }))).toBe('VALIDATION_FAILED')

    // The phone is lost: a recovery code proves the owner.
    const proof = { password, code: recoveryCodes[0] as string }
    const renewed = appOf((await setUpTotp(client, proof)).json().data.secret, clock)
    clock.advance(stepMs)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
    const confirmed = await confirmTotp(client, renewed.code())
    expect(confirmed.json().data.recoveryCodes).toHaveLength(10)
    expect(await secretsOf(person.id)).toHaveLength(1)
    clock.advance(stepMs)
    const challengeToken = await challenged(api, email)
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('OTP_INVALID')
    expect(codeOf(await verify(api.connect(), challengeToken, recoveryCodes[1] as string))).toBe('OTP_INVALID')
    expect((await verify(api.connect(), challengeToken, renewed.code())).statusCode).toBe(200)
  })

  test('opens under the key that sealed it after a newer one is current', async () => {
    const { email, app, id } = await withTotp(api, clock)
    const old = api.deps.config.keys.encryption
    const keys = new Map([['k2', Buffer.alloc(32, 60)], ...old.keys])
    const config = {
      ...api.deps.config,
      keys: { ...api.deps.config.keys, encryption: { currentId: 'k2', keys } },
    }
    const { close, ...deps } = createDeps(config, api.deps.log, clock)
    const rotated = await buildApp(deps)
    const post = (url: string, payload: object) => rotated.inject({ method: 'POST', url, payload })
    const begun = await post('/api/v1/auth/login', { email, password })
    const { challengeToken } = begun.json().data
    const verified = await post('/api/v1/auth/two-factor/verify', { challengeToken, code: app.code() })
    expect(verified.statusCode).toBe(200)
    expect((await secretsOf(id))[0]?.key_id).toBe('k1')
    await rotated.close()
    await close()
  })
})

describe('the code by mail', () => {
  test('is turned on by one that was mailed, and is told', async () => {
    const { client, email, id } = await registered(api)
    expect((await enableOtp(client)).statusCode).toBe(202)
    expect((await mailsTo(api, email)).at(-1)).toMatchObject({ template: 'login-code', data: { action: 'enable' } })
    const code = await loginCode(api, email)
    expect(codeOf(await confirmOtp(client, wrong(code)))).toBe('OTP_INVALID')
    expect(await methodOf(client)).toBe('none')
    expect(statuses(await times(4, () => confirmOtp(client, code))).filter((status) => status === 200)).toHaveLength(1)
    expect(await methodOf(client)).toBe('otp')
    expect(await changesMailed(email)).toEqual(['otp-on'])
    expect((await auditOf(api, id)).at(-1)).toMatchObject({
      action: 'auth.two_factor_enabled',
      after: { twoFactorMethod: 'otp' },
    })
  })

  test('lives five minutes, and of fifty wrong ones five are looked at, whatever is mailed meanwhile', async () => {
    const { client, email, id } = await registered(api)
    await enableOtp(client)
    const late = await loginCode(api, email)
    clock.advance(5 * minuteMs)
    expect(codeOf(await confirmOtp(client, late))).toBe('OTP_INVALID')

    await enableOtp(client)
    await times(25, async () => confirmOtp(client, wrong(await loginCode(api, email))))
    clock.advance(minuteMs)
    const used = await enableOtp(client)
    // Four minutes of the last mail are left, and no tries.
    expect([codeOf(used), used.headers['retry-after']]).toEqual(['COOLDOWN', '240'])
    await times(25, async () => confirmOtp(client, wrong(await loginCode(api, email))))
    const failed = (await auditOf(api, id)).filter(({ action }) => action === 'auth.code_failed')
    expect(failed).toHaveLength(5)
    expect(codeOf(await confirmOtp(client, await loginCode(api, email)))).toBe('OTP_INVALID')
    clock.advance(4 * minuteMs)
    await enableOtp(client)
    expect((await confirmOtp(client, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('goes out once a minute, also when it is asked for twenty times at once; a new one leaves the tries and replaces the old', async () => {
    const { client, email } = await registered(api)
    expect(statuses(await times(20, () => enableOtp(client))).sort()).toEqual([202, ...Array(19).fill(429)])
    expect(await countCodeMails(api, email)).toBe(1)
    const first = await loginCode(api, email)
    for (let tries = 0; tries < 3; tries++) await confirmOtp(client, wrong(first))
    clock.advance(minuteMs)
    await enableOtp(client)
    expect(codeOf(await confirmOtp(client, first))).toBe('OTP_INVALID')
    expect((await confirmOtp(client, await loginCode(api, email))).statusCode).toBe(200)
  })

  test('is not turned on beside an app, nor twice', async () => {
    expect(codeOf(await enableOtp((await withTotp(api, clock)).client))).toBe('CONFLICT')
    const { client } = await withOtp(api, clock)
    expect(codeOf(await enableOtp(client))).toBe('CONFLICT')
    expect(codeOf(await confirmOtp(client, '123456'))).toBe('CONFLICT')
  })

  test('for one use is worth nothing for another', async () => {
    const { client, email } = await registered(api)
    await askToConfirm(client)
    expect(codeOf(await confirmOtp(client, await loginCode(api, email)))).toBe('OTP_INVALID')
  })
})

describe('turning the factor off', () => {
  test('needs the password and a code of the app, and leaves neither secret nor recovery codes', async () => {
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

  test('takes a recovery code, and a used code of the app no second time', async () => {
    const { client, email, app, recoveryCodes } = await withTotp(api, clock)
    const code = app.code()
    await verify(api.connect(), await challenged(api, email), code)
    expect(codeOf(await disable(client, { password, code }))).toBe('OTP_INVALID')
    expect((await disable(client, { password, code: recoveryCodes[3] as string })).statusCode).toBe(200)
  })

  test('of the code by mail takes one that was mailed to confirm', async () => {
    const { client, email } = await withOtp(api, clock)
    expect((await askToConfirm(client)).statusCode).toBe(202)
    expect((await mailsTo(api, email)).at(-1)).toMatchObject({ data: { action: 'confirm' } })
    const code = await loginCode(api, email)
    expect(codeOf(await disable(client, { password: 'Wr0ng-Password', code }))).toBe('INVALID_CREDENTIALS')
    expect(codeOf(await disable(client, { password, code: wrong(code) }))).toBe('OTP_INVALID')
    expect((await disable(client, { password, code })).statusCode).toBe(200)
    expect(codeOf(await disable(client, { password, code }))).toBe('CONFLICT')
  })

  test('works without a password by mailed codes', async () => {
    const mailed = await withOtp(api, clock)
    await withoutPassword(mailed.id)
    await askToConfirm(mailed.client)
    expect((await disable(mailed.client, { code: await loginCode(api, mailed.email) })).statusCode).toBe(200)

    const { client, email, id, app } = await withTotp(api, clock)
    await withoutPassword(id)
    const lacking = await disable(client, { code: app.code() })
    expect(lacking.json().error.details).toEqual([{ path: 'body.confirmationCode', message: expect.any(String) }])
    await askToConfirm(client)
    const body = { confirmationCode: await loginCode(api, email), code: app.code() }
    expect((await disable(client, body)).statusCode).toBe(200)
  })
})

describe('new recovery codes', () => {
  test('need the password, and those before die', async () => {
    const { client, email, recoveryCodes } = await withTotp(api, clock)
    expect(codeOf(await renewCodes(client, { password: 'Wr0ng-Password' }))).toBe('INVALID_CREDENTIALS')
    const renewed = (await renewCodes(client, { password })).json().data.recoveryCodes
    expect(new Set([...renewed, ...recoveryCodes]).size).toBe(20)
    const challengeToken = await challenged(api, email)
    expect(codeOf(await verify(api.connect(), challengeToken, recoveryCodes[0] as string))).toBe('OTP_INVALID')
    expect((await verify(api.connect(), challengeToken, renewed[0])).statusCode).toBe(200)
    expect(await changesMailed(email)).toEqual(['totp-on', 'recovery-codes', 'recovery-code-used'])
  })

  test('made four times at once leave one whole set', async () => {
    const { client, id } = await withTotp(api, clock)
    expect(statuses(await times(4, () => renewCodes(client, { password })))).toEqual(Array(4).fill(200))
    expect(await api.db.selectFrom('recovery_codes').selectAll().where('user_id', '=', id).execute()).toHaveLength(10)
  })

  test('belong to an app', async () => {
    const { client } = await withOtp(api, clock)
    expect(codeOf(await renewCodes(client, { password }))).toBe('CONFLICT')
  })
})

describe('an account without a password confirms', () => {
  test('with a mailed code, once and within five minutes', async () => {
    const { client, email, id } = await withTotp(api, clock)
    await withoutPassword(id)
    const lacking = await renewCodes(client, {})
    expect(lacking.json().error.details).toEqual([{ path: 'body.code', message: expect.any(String) }])
    await askToConfirm(client)
    const late = await loginCode(api, email)
    clock.advance(5 * minuteMs)
    expect(codeOf(await renewCodes(client, { code: late }))).toBe('OTP_INVALID')

    await askToConfirm(client)
    const code = await loginCode(api, email)
    const answers = await times(4, () => renewCodes(client, { code }))
    expect(statuses(answers).filter((status) => status === 200)).toHaveLength(1)
    expect(codeOf(await renewCodes(client, { code }))).toBe('OTP_INVALID')
  })

  test('with five tries and one mail a minute', async () => {
    const { client, email, id } = await withTotp(api, clock)
    await withoutPassword(id)
    const mails = await countCodeMails(api, email)
    await times(20, () => askToConfirm(client))
    expect(await countCodeMails(api, email)).toBe(mails + 1)
    const code = await loginCode(api, email)
    await times(50, () => renewCodes(client, { code: wrong(code) }))
    const failed = (await auditOf(api, id)).filter(({ action }) => action === 'auth.code_failed')
    expect(failed).toHaveLength(5)
    clock.advance(minuteMs)
    expect(codeOf(await renewCodes(client, { code }))).toBe('OTP_INVALID')
  })
})
