import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { login, mailsTo, password, registered } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'

const http = { host: '127.0.0.1', port: 0, trustedProxies: ['loopback', '10.0.0.0/8', 'fd00::/8'] }
const url = '/api/v1/admin/diagnostics/client-ip'
const peer = '127.0.0.1'
let api: TestApp
let operator: TestUser

beforeAll(async () => {
  api = await buildTestApp({ config: { http } })
  operator = await api.signUp({ role: 'operator' })
})
afterAll(() => api.close())

const resolve = async (headers: Record<string, string>) => {
  const answer = await operator.inject('GET', url, undefined, headers)
  expect(answer.statusCode).toBe(200)
  return answer.json().data.clientIp
}

test.each([
  ['203.0.113.8', '203.0.113.8'],
  [' 203.0.113.8\t', '203.0.113.8'],
  ['203.0.113.8:50001', '203.0.113.8'],
  ['203.0.113.8:', '203.0.113.8'],
  ['"203.0.113.8:50001"', '203.0.113.8'],
  ['[203.0.113.8]:50001', '203.0.113.8'],
  ['2001:db8::8', '2001:db8::8'],
  ['2001:DB8:0:0:0:0:0:8', '2001:db8::8'],
  ['2001:0db8:0000:0000:0000:0000:0000:0008', '2001:db8::8'],
  ['[2001:db8::8]', '2001:db8::8'],
  ['[2001:db8:1111:2222:3333:4444:5555:6666]:50001', '2001:db8:1111:2222:3333:4444:5555:6666'],
  ['"[2001:db8::8]:4711"', '2001:db8::8'],
  ['fe80::8%eth0', 'fe80::8'],
  ['[fe80::8%25eth0]:50001', 'fe80::8'],
  ['::ffff:203.0.113.8', '203.0.113.8'],
  ['::FFFF:CB00:7108', '203.0.113.8'],
  ['[::ffff:203.0.113.8]:50001', '203.0.113.8'],
  ['0:0:0:0:0:ffff:203.0.113.8', '203.0.113.8'],
  ['198.51.100.66, 203.0.113.8:1, 10.1.2.3:50001', '203.0.113.8'],
  ['203.0.113.8,[fd00::1]:443,::ffff:10.0.0.1', '203.0.113.8'],
  ['garbage, 203.0.113.8', '203.0.113.8'],
])('the forwarded %j is the client %s', async (forwarded, ip) => {
  expect((await resolve({ 'x-forwarded-for': forwarded })).ip).toBe(ip)
})

test.each([
  [''],
  [','],
  ['203.0.113.8,'],
  ['203.0.113.8, ,'],
  ['unknown'],
  ['203.0.113.8, unknown'],
  ['_hidden'],
  ['unix:'],
  ['proxy.example.com'],
  ['203.0.113.8:port'],
  ['203.0.113'],
  ['203.0.113.8.9'],
  ['203.0.113.256'],
  ['0313.0.113.8'],
  ['0xcb.0.113.8'],
  ['3405803784'],
  ['203.0.113.8/32'],
  ['2001:db8::8::1'],
  ['2001:db8:1:2:3:4:5:6:50001'],
  ['[2001:db8::8'],
  ['2001:db8::8]'],
  ['[]:1'],
  ['[fe80::8%]'],
  ['203.0.113.8 198.51.100.1'],
  ['for=203.0.113.8'],
  [`203.0.113.8${'0'.repeat(8_000)}`],
  [`${'1'.repeat(8_000)}:${'1'.repeat(50)}`],
])('the forwarded %.60j is no address: the client is the proxy that wrote it', async (forwarded) => {
  expect((await resolve({ 'x-forwarded-for': forwarded })).ip).toBe(peer)
  expect((await resolve({ 'x-forwarded-for': `${forwarded}, 10.0.0.9` })).ip).toBe('10.0.0.9')
})

test('without trusted proxies, a forwarded request is warned of once by the name of the variable', async () => {
  const lines: Record<string, unknown>[] = []
  const config = { http: { ...http, trustedProxies: [] as string[] }, logLevel: 'warn' as const }
  const alone = await buildTestApp({ config, onLog: (line) => lines.push(line) })
  const client = alone.connect()
  await client.inject('GET', '/health')
  expect(lines).toEqual([])
  const forwarded = { 'x-real-ip': '203.0.113.8', forwarded: 'for=203.0.113.8', 'x-forwarded-for': '203.0.113.8' }
  for (const [name, value] of Object.entries(forwarded))
    await client.inject('GET', '/health', undefined, { [name]: value })
  const msg = expect.stringContaining('TRUSTED_PROXIES')
  expect(lines).toEqual([expect.objectContaining({ header: 'x-real-ip', sender: peer, msg })])
  await alone.close()
})

test('hundreds of hops are read from the right, up to the first untrusted one', async () => {
  const trusted = Array.from({ length: 700 }, (_, hop) => `10.0.${hop >> 8}.${hop & 255}`)
  expect((await resolve({ 'x-forwarded-for': `198.51.100.1,203.0.113.8,${trusted}` })).ip).toBe('203.0.113.8')
  const invented = Array.from({ length: 700 }, (_, hop) => `198.51.100.${hop & 255}`)
  expect((await resolve({ 'x-forwarded-for': `${invented},203.0.113.8` })).ip).toBe('203.0.113.8')
})

test.each([
  ['203.0.113.8:50001', '203.0.113.8'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['64:ff9b::203.0.113.8', '203.0.113.8'],
  ['[64:ff9b::cb00:7109]:443', '203.0.113.9'],
  ['::ffff:0:203.0.113.8', '203.0.113.8'],
  ['64:ff9b:1::203.0.113.8', '203.0.113.8'],
])('limits count the client %s as %s', async (forwarded, key) => {
  expect((await resolve({ 'x-forwarded-for': forwarded })).countedAs).toBe(key)
})

test('headers other than X-Forwarded-For are ignored', async () => {
  const others = { forwarded: 'for=203.0.113.8', 'x-real-ip': '203.0.113.8', 'x-client-ip': '203.0.113.8' }
  expect((await resolve(others)).ip).toBe(peer)
})

test('several header lines are one list, and an IPv4 peer of an IPv6 socket is IPv4', async () => {
  const dual = await buildTestApp({ config: { http } })
  const { port } = new URL(await dual.app.listen({ host: '::', port: 0 }))
  const reader = await dual.signUp({ role: 'operator' })
  const cookie = [...reader.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  const lines = ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.8:1', 'X-Forwarded-For: 10.0.0.1']
  socket.write(
    `GET ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: ${cookie}\r\n${lines.join('\r\n')}\r\n\r\n`,
  )
  const { clientIp } = JSON.parse((await text(socket)).split('\r\n\r\n')[1] ?? '').data
  expect(clientIp).toMatchObject({ ip: '203.0.113.8', peer: '::ffff:127.0.0.1' })
  expect(clientIp.chain[0]).toEqual({ address: '127.0.0.1', isTrustedProxy: true })
  await dual.close()
})

test.each([
  ['the port of an IPv4 client', (n: number) => `203.0.113.8:${50_000 + n}`],
  ['the port of an IPv6 client', (n: number) => `[2001:db8:1:2:3:4:5:6]:${50_000 + n}`],
  ['its host bits', (n: number) => `2001:db8:1:2::${n.toString(16)}`],
  ['the notation of its /64', (n: number) => `2001:${n % 2 ? '0db8' : 'DB8'}:1:2:0:0:0:${n.toString(16)}`],
  ['its zone', (n: number) => `fe80::1%eth${n}`],
  ['text that is no address', (n: number) => `hidden-${n}`],
  ['elements left of the client', (n: number) => `192.0.2.${n}, 203.0.113.8`],
])('%s does not change how limits count an address', async (_name, forwarded) => {
  const strict = await buildTestApp({ config: { http, rateLimitScale: 1 } })
  const attempt = (n: number) =>
    login(strict.connect(), 'nobody@example.test', 'wrong', { 'x-forwarded-for': forwarded(n) })
  for (let n = 1; n <= 5; n++) expect((await attempt(n)).statusCode).not.toBe(429)
  expect((await attempt(6)).statusCode).toBe(429)
  await strict.close()
})

test('sessions, audit events and mails hold the canonical address', async () => {
  const { email } = await registered(api)
  const client = api.connect()
  const forwarded = { 'x-forwarded-for': '[2001:DB8:0:0::8]:50001', 'user-agent': 'curl/8' }
  expect((await login(client, email, password, forwarded)).statusCode).toBe(200)
  const { sessions } = (await client.inject('GET', '/api/v1/auth/sessions')).json().data
  expect(sessions.find(({ current }: { current: boolean }) => current)).toMatchObject({ ip: '2001:db8::8' })
  const events = await api.db.selectFrom('audit_pending').select('ip').where('ip', 'like', '2001%').execute()
  expect(new Set(events.map(({ ip }) => ip))).toEqual(new Set(['2001:db8::8']))
  const mail = (await mailsTo(api, email)).find(({ template }) => template === 'new-device')
  expect(mail?.data).toMatchObject({ ip: '2001:db8::8' })
})
