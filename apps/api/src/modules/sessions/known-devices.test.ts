import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserFamily, deviceName, networkOf } from '../../http/device-name.ts'
import { buildTestApp, type TestApp, type TestClient } from '../../testing/test-app.ts'
import { login, mailsTo, password, registered } from '../sign-in/testing/sign-in-fixtures.ts'

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0'
const newerFirefox = firefox.replaceAll('144.0', '151.0')
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1'

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

const signIn = (email: string, { browser, ip, client }: { browser: string; ip: string; client?: TestClient }) =>
  login(client ?? api.connect(), email, password, { 'user-agent': browser, 'x-forwarded-for': ip })
const newDeviceMails = async (email: string) =>
  (await mailsTo(api, email)).filter(({ template }) => template === 'new-device')

test('a sign-in from a new browser or network is mailed; a known one and the first are not', async () => {
  const { email } = await registered(api)
  expect(await newDeviceMails(email)).toEqual([])
  const steps: [string, string, number][] = [
    [firefox, '203.0.113.7', 1],
    [firefox, '203.0.113.200', 1],
    [newerFirefox, '203.0.113.7', 1],
    [firefox, '203.0.114.7', 2],
    [safari, '203.0.113.7', 3],
    [safari, '2001:db8:1:2::3', 4],
    [safari, '2001:db8:1:ffff::4', 4],
    [safari, '2001:db8:2::3', 5],
  ]
  for (const [browser, ip, mails] of steps) {
    expect((await signIn(email, { browser, ip })).statusCode).toBe(200)
    expect({ browser, ip, mails: (await newDeviceMails(email)).length }).toEqual({ browser, ip, mails })
  }
  expect((await newDeviceMails(email))[0]?.data).toEqual({
    name: 'Some User',
    timezone: 'UTC',
    at: clock.now().toISOString(),
    device: 'Firefox on Windows',
    ip: '203.0.113.7',
  })
})

test('twenty parallel sign-ins from one new browser cause one alert', async () => {
  const { email } = await registered(api)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => signIn(email, { browser: chrome, ip: '203.0.113.7' })),
  )
  expect(answers.filter(({ statusCode }) => statusCode === 200).length).toBeGreaterThan(1)
  expect(await newDeviceMails(email)).toHaveLength(1)
})

test('two parallel first sign-ins from two devices cause one alert', async () => {
  const user = await api.signUp()
  const { password_hash: hash } = await api.db
    .selectFrom('users')
    .select('password_hash')
    .where('email', '=', (await registered(api)).email)
    .executeTakeFirstOrThrow()
  await api.db.updateTable('users').set({ password_hash: hash }).where('id', '=', user.userId).execute()
  await Promise.all([chrome, firefox].map((browser) => signIn(user.email, { browser, ip: '203.0.113.7' })))
  expect(await newDeviceMails(user.email)).toHaveLength(1)
})

test('a device that was not used for a year is deleted when a new one signs in', async () => {
  const { email, id } = await registered(api)
  await signIn(email, { browser: firefox, ip: '203.0.113.7' })
  clock.advance(366 * 86_400_000)
  await signIn(email, { browser: chrome, ip: '203.0.113.7' })
  const known = await api.db.selectFrom('known_devices').select('browser').where('user_id', '=', id).execute()
  expect(known).toEqual([{ browser: 'Chrome' }])
})

test('a sign-in sets the device cookie for a year; its id differs for each user of a browser', async () => {
  const { email, client } = await registered(api)
  const first = client.cookies.get('muster_device')
  const answer = await signIn(email, { browser: firefox, ip: '203.0.113.7', client })
  const cookie = answer.cookies.find(({ name }) => name === 'muster_device')
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: 31_536_000, value: first })
  const other = await registered(api)
  await signIn(other.email, { browser: firefox, ip: '203.0.113.7', client })
  expect(client.cookies.get('muster_device')).not.toBe(first)
})

test('a failed sign-in and a refresh set no device cookie, and a sign-out keeps it', async () => {
  const { email, client } = await registered(api)
  const names = (answer: { cookies: { name: string }[] }) => answer.cookies.map(({ name }) => name)
  expect(names(await login(api.connect(), email, 'Wr0ng-Password'))).toEqual([])
  expect(names(await client.inject('POST', '/api/v1/auth/refresh')).sort()).toEqual(['muster_at', 'muster_rt'])
  await client.inject('POST', '/api/v1/auth/logout')
  expect([...client.cookies.keys()]).toEqual(['muster_device'])
})

test.each([
  [firefox, 'Firefox on Windows'],
  [chrome, 'Chrome on Linux'],
  [safari, 'Safari on iOS'],
  ['curl/8.5.0', 'curl'],
  ['<script>alert(1)</script>\u0000', 'scriptalert'],
  ['/', null],
  ['', null],
  [undefined, null],
])('the user agent %s is named %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name)
})

test('a device name is limited in length, and a new version is the same browser', () => {
  expect(deviceName('x'.repeat(400))).toHaveLength(100)
  expect(browserFamily(firefox)).toBe(browserFamily(newerFirefox))
})

test.each([
  ['203.0.113.7', '203.0.113.0/24'],
  ['::ffff:203.0.113.7', '203.0.113.0/24'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['::1', '::/48'],
])('the address %s is in the network %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})
