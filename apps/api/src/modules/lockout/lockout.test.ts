import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import {
  auditOf,
  codeOf,
  login,
  mailsTo,
  password,
  registered,
  templatesTo,
} from '../sign-in/testing/sign-in-fixtures.ts'

const wrongPassword = 'Wr0ng-Password'
const dayMs = 86_400_000

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({
    clock,
    config: { http: { host: '127.0.0.1', port: 0, trustedProxies: ['127.0.0.1'] } },
  })
})
afterAll(() => api.close())

/** Sends each attempt from another address. */
const from = (call: number) => ({ 'x-forwarded-for': `198.51.${call >> 8}.${call & 255}` })
const fail = (email: string, client: TestClient = api.connect()) => login(client, email, wrongPassword)
async function failTimes(times: number, email: string, client?: TestClient) {
  for (let tries = 0; tries < times; tries++) expect(codeOf(await fail(email, client))).toBe('INVALID_CREDENTIALS')
}
const withDeviceOf = ({ cookies }: TestClient) =>
  api.connect(new Map([['muster_device', cookies.get('muster_device') as string]]))

test('of fifty parallel wrong passwords five are checked, for a known and an unknown e-mail', async () => {
  const { email } = await registered(api)
  for (const address of [email, 'nobody-at-once@example.test']) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, call) => login(api.connect(), address, wrongPassword, from(call))),
    )
    const codes = answers.map(codeOf)
    expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5)
    expect(codes.filter((code) => code === 'ACCOUNT_LOCKED')).toHaveLength(45)
  }
})

test('from the fifth failure on the wait is 30 s, then doubles each time up to an hour', async () => {
  const { email } = await registered(api)
  await failTimes(5, email)
  const waits: number[] = []
  for (let locks = 0; locks < 9; locks++) {
    const refused = await fail(email)
    expect([refused.statusCode, codeOf(refused)]).toEqual([429, 'ACCOUNT_LOCKED'])
    const seconds = Number(refused.headers['retry-after'])
    waits.push(seconds)
    clock.advance((seconds - 1) * 1_000)
    expect(codeOf(await fail(email))).toBe('ACCOUNT_LOCKED')
    clock.advance(1_000)
    await failTimes(1, email)
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
})

test('the correct password is refused during the lock, and afterwards ends the streak', async () => {
  const { email } = await registered(api)
  await failTimes(5, email)
  expect(codeOf(await login(api.connect(), email))).toBe('ACCOUNT_LOCKED')
  clock.advance(30_000)
  expect((await login(api.connect(), email)).statusCode).toBe(200)
  await failTimes(4, email)
  expect((await login(api.connect(), email)).statusCode).toBe(200)
})

test('an unknown e-mail locks like a known one: status, body and headers', async () => {
  const { email } = await registered(api)
  const shapes = []
  for (const address of [email, 'nobody-locked@example.test']) {
    await failTimes(5, address)
    const answer = await fail(address)
    const body = answer.json()
    const { 'x-request-id': _id, date: _date, ...headers } = answer.headers
    shapes.push({ status: answer.statusCode, headers, ...body, error: { ...body.error, requestId: '' } })
  }
  expect(shapes[0]).toEqual(shapes[1])
})

test('the failures of all spellings of an e-mail are counted together', async () => {
  const { email } = await registered(api)
  await failTimes(3, email.toUpperCase())
  await failTimes(2, ` ${email}`)
  expect(codeOf(await fail(email))).toBe('ACCOUNT_LOCKED')
})

test('a stranger does not lock the owner out of a browser that has signed in before', async () => {
  const { email, client } = await registered(api)
  await failTimes(5, email)
  expect(codeOf(await login(api.connect(), email))).toBe('ACCOUNT_LOCKED')
  expect((await login(withDeviceOf(client), email)).statusCode).toBe(200)
  // The success on that browser does not unlock the stranger's counter.
  expect(codeOf(await fail(email))).toBe('ACCOUNT_LOCKED')
})

test('failures on the owner’s browser lock that browser only', async () => {
  const { email, client } = await registered(api)
  await failTimes(5, email, withDeviceOf(client))
  expect(codeOf(await login(withDeviceOf(client), email))).toBe('ACCOUNT_LOCKED')
  expect((await login(api.connect(), email)).statusCode).toBe(200)
})

test('a device cookie of another user or without a valid signature has no counter of its own', async () => {
  const { email, client } = await registered(api)
  const stranger = await registered(api)
  await failTimes(5, email)
  expect(codeOf(await login(withDeviceOf(stranger.client), email))).toBe('ACCOUNT_LOCKED')
  const [keyId, text, mac] = (client.cookies.get('muster_device') as string).split('.')
  const moved = Buffer.from(text as string, 'base64url')
    .toString()
    .replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  for (const forged of [`${keyId}.${Buffer.from(moved).toString('base64url')}.${mac}`, `k9.${text}.${mac}`, text]) {
    const browser = api.connect(new Map([['muster_device', forged as string]]))
    expect(codeOf(await login(browser, email))).toBe('ACCOUNT_LOCKED')
  }
})

test('each streak of failures is recorded and causes one alert to the owner', async () => {
  const { email, id } = await registered(api)
  const lock = () =>
    Promise.all(
      Array.from({ length: 20 }, (_, call) =>
        login(api.connect(), email, wrongPassword, { ...from(call), 'user-agent': 'curl/8.5.0' }),
      ),
    )
  await lock()
  clock.advance(30_000)
  await failTimes(1, email)
  const alerts = (await mailsTo(api, email)).filter(({ template }) => template === 'account-locked')
  expect(alerts).toMatchObject([{ user_id: id, data: { name: 'Some User', timezone: 'UTC', device: 'curl' } }])
  const recorded = (await auditOf(api, id)).filter(({ action }) => action === 'auth.account_locked')
  expect(recorded).toMatchObject([{ target_id: id, after: { email, kind: 'password' } }])

  clock.advance(60_000)
  expect((await login(api.connect(), email)).statusCode).toBe(200)
  await lock()
  const countTold = async () =>
    (await templatesTo(api, email)).filter((template) => template === 'account-locked').length
  expect(await countTold()).toBe(2)
  clock.advance(dayMs)
  await lock()
  expect(await countTold()).toBe(3)
})

test('the lock of an e-mail without an account causes no mail', async () => {
  await failTimes(5, 'nobody-mailed@example.test')
  expect(await mailsTo(api, 'nobody-mailed@example.test')).toEqual([])
})

test('failures older than a day no longer count', async () => {
  const { email } = await registered(api)
  await failTimes(4, email)
  clock.advance(dayMs)
  await failTimes(4, email)
  clock.advance(dayMs - 1)
  await failTimes(1, email)
  expect(codeOf(await fail(email))).toBe('ACCOUNT_LOCKED')
})

test('expired failures are deleted as new ones are counted', async () => {
  const addresses = Array.from({ length: 15 }, (_, number) => `long-ago-${number}@example.test`)
  for (const address of addresses) await failTimes(1, address)
  const count = async () => (await api.db.selectFrom('sign_in_failures').select('key').execute()).length
  const before = await count()
  clock.advance(dayMs)
  await failTimes(1, 'today@example.test')
  await failTimes(1, 'today-too@example.test')
  expect(await count()).toBeLessThanOrEqual(Math.max(2, before - 18))
})

test('an attempt that was refused for lack of a free core does not count', async () => {
  const noCore = { cost: 4, maxWaitMs: 1, maxParallel: 0 }
  const busy = await buildTestApp({ clock, config: { passwords: noCore } })
  const { email } = await busy.signUp()
  for (let tries = 0; tries < 10; tries++) expect(codeOf(await login(busy.connect(), email))).toBe('OVERLOADED')
  const counters = await busy.db.selectFrom('sign_in_failures').select(['failures', 'locked_until']).execute()
  expect(counters).toEqual([{ failures: 0, locked_until: null }])
  await busy.close()
})

test('the keys of the counters contain no address', async () => {
  await failTimes(1, 'secretly@example.test')
  const rows = await api.db.selectFrom('sign_in_failures').selectAll().execute()
  expect(rows.length).toBeGreaterThan(0)
  expect(JSON.stringify(rows)).not.toContain('@')
})

test('reauthentication by password is under the same lockout', async () => {
  const { email, client } = await registered(api)
  const change = (currentPassword: string) =>
    client.inject('POST', '/api/v1/auth/change-password', { currentPassword, newPassword: 'An0ther-Passphrase' })
  const answers = await Promise.all(Array.from({ length: 20 }, () => change(wrongPassword)))
  expect(answers.map(codeOf).filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(5)
  const refused = await change(password)
  expect([refused.statusCode, codeOf(refused)]).toEqual([429, 'ACCOUNT_LOCKED'])
  expect(codeOf(await login(client, email))).toBe('ACCOUNT_LOCKED')
})
