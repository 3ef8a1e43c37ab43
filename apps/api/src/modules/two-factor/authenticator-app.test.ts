import { unseal } from '@muster/security/seal'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApp } from '../../app.ts'
import { createDeps } from '../../deps.ts'
import { times } from '../../testing/responses.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { auditOf, codeOf, login, mailsTo, password, registered } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  appOf,
  challenged,
  confirmTotp,
  countCodeMails,
  setUpTotp,
  stepMs,
  verify,
  withOtp,
  withTotp,
  wrong,
} from './testing/two-factor-fixtures.ts'

const minuteMs = 60_000
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

describe('the set-up of an authenticator app', () => {
  test('returns the secret as text, URL and QR code, and takes effect with its first code', async () => {
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

  test('stores the secret only sealed, bound to its user', async () => {
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

  test.each([0, 1, 4])('in five tabs at once can be confirmed in each of them: tab %i', async (tab) => {
    const { client, id, email } = await registered(api)
    const answers = await times(5, () => setUpTotp(client))
    const apps = answers.map((answer) => appOf(answer.json().data.secret, clock))
    expect((await confirmTotp(client, apps[tab]?.code() ?? '')).statusCode).toBe(200)
    expect(await secretsOf(id)).toHaveLength(1)
    clock.advance(minuteMs)
    // The codes of the other tabs no longer work, neither for a sign-in nor for replacing the app in use.
    for (const [other, app] of apps.entries()) {
      if (other !== tab) expect(codeOf(await confirmTotp(client, app.code()))).toBe('CONFLICT')
      const answer = await verify(api.connect(), await challenged(api, email), app.code())
      expect([other, answer.statusCode]).toEqual([other, other === tab ? 200 : 400])
    }
  })

  test('keeps the latest five secrets, each for 15 minutes', async () => {
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

  test('confirmed twenty times in parallel takes effect once, with one set of recovery codes', async () => {
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

  test('consumes the time step of the code that confirmed it', async () => {
    const { client, email } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    const code = app.code()
    await confirmTotp(client, code)
    expect(codeOf(await verify(api.connect(), await challenged(api, email), code))).toBe('OTP_INVALID')
  })

  test('expires after 15 minutes', async () => {
    const { client } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    clock.advance(15 * minuteMs)
    expect(codeOf(await confirmTotp(client, app.code()))).toBe('CONFLICT')
    expect(codeOf(await confirmTotp((await registered(api)).client, '123456'))).toBe('CONFLICT')
  })

  test('checks five of fifty parallel wrong codes', async () => {
    const { client, id } = await registered(api)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    await times(50, () => confirmTotp(client, wrong(app.code())))
    const failed = (await auditOf(api, id)).filter(({ action }) => action === 'auth.code_failed')
    expect(failed).toHaveLength(5)
    expect(codeOf(await confirmTotp(client, app.code()))).toBe('ACCOUNT_LOCKED')
  })

  test('replaces the mailed code as the factor', async () => {
    const { client, email } = await withOtp(api, clock)
    const app = appOf((await setUpTotp(client)).json().data.secret, clock)
    expect((await confirmTotp(client, app.code())).statusCode).toBe(200)
    clock.advance(stepMs)
    const mails = await countCodeMails(api, email)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
    expect(await countCodeMails(api, email)).toBe(mails)
  })
})

describe('an app in use', () => {
  test('is replaced only with the password and a code of it, and works until then', async () => {
    const user = await withTotp(api, clock)
    const { client, email, app, recoveryCodes } = user
    expect(codeOf(await setUpTotp(client))).toBe('CONFLICT')
    expect(codeOf(await setUpTotp(client, { password, code: wrong(app.code()) }))).toBe('OTP_INVALID')
    expect(codeOf(await setUpTotp(client, { password: 'Wr0ng-Password', code: app.code() }))).toBe(
      'INVALID_CREDENTIALS',
    )
    expect(codeOf(await setUpTotp(client, { code: app.code() }))).toBe('VALIDATION_FAILED')

    // After the loss of the phone, a recovery code confirms the change.
    const proof = { password, code: recoveryCodes[0] as string }
    const renewed = appOf((await setUpTotp(client, proof)).json().data.secret, clock)
    clock.advance(stepMs)
    expect((await verify(api.connect(), await challenged(api, email), app.code())).statusCode).toBe(200)
    const confirmed = await confirmTotp(client, renewed.code())
    expect(confirmed.json().data.recoveryCodes).toHaveLength(10)
    expect(await secretsOf(user.id)).toHaveLength(1)
    clock.advance(stepMs)
    const challengeToken = await challenged(api, email)
    expect(codeOf(await verify(api.connect(), challengeToken, app.code()))).toBe('OTP_INVALID')
    expect(codeOf(await verify(api.connect(), challengeToken, recoveryCodes[1] as string))).toBe('OTP_INVALID')
    expect((await verify(api.connect(), challengeToken, renewed.code())).statusCode).toBe(200)
  })

  test('still works after a newer encryption key is current', async () => {
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
