import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessTokenTtlMs } from '../modules/sessions/access-tokens.ts'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../testing/test-app.ts'
import { gatherMs } from './delivery/stale.ts'
import { engineRequest, type RawAnswer, rawRequest, sidOf, type Transport } from './testing/raw-requests.ts'
import {
  ask,
  connectSocket,
  cookieOf,
  disconnected,
  type Instance,
  nextEvent,
  startInstance,
  urlOf,
} from './testing/sockets.ts'

const transports: Transport[] = ['websocket', 'polling']
const opened: Record<Transport, number> = { websocket: 101, polling: 200 }

const clock = manualClock()
let api: TestApp
/** An instance with the limits of production, behind a proxy. */
let strict: Instance
let ann: TestUser
let addresses = 0

beforeAll(async () => {
  api = await buildTestApp({ clock })
  await api.listen()
  const { http } = api.deps.config
  strict = await startInstance(api, { rateLimitScale: 1, http: { ...http, trustedProxies: ['127.0.0.1'] } })
  ann = await api.signUp()
})
afterAll(async () => {
  await strict.close()
  await api.close()
})

const cookies = (user: TestUser, names = ['muster_at', 'muster_rt']) => ({
  cookie: cookieOf({ cookies: new Map([...user.cookies].filter(([name]) => names.includes(name))) }),
})
const outcome = ({ status, code }: RawAnswer) => [status, code]
/** Opens a connection of HTTP that the next request with this agent uses. */
const keptConnection = async (on: Instance) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await rawRequest(`${urlOf(on)}/health`, { agent })
  return agent
}
const open = async (user: TestUser) => sidOf(await engineRequest(api, 'polling', { headers: cookies(user) }))

describe.each(transports)('a handshake by %s', (transport) => {
  const handshake = (headers: Record<string, string>, on: Pick<Instance, 'app'> = api) =>
    engineRequest(on, transport, { headers })

  test('without cookies, or with cookies that nobody signed, is refused as on HTTP', async () => {
    const answer = await handshake({})
    expect(outcome(answer)).toEqual([401, 'UNAUTHENTICATED'])
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-type': /json/ })
    for (const cookie of ['muster_at=x', 'muster_at=a.b.c; muster_rt=d', `muster_rt=${'x'.repeat(500)}`])
      expect(outcome(await handshake({ cookie })), cookie).toEqual([401, 'UNAUTHENTICATED'])
  })

  test('with a revoked session is refused', async () => {
    const ben = await api.signUp()
    const { cookie } = cookies(ben)
    await ben.inject('POST', '/api/v1/auth/logout')
    expect(outcome(await handshake({ cookie }))).toEqual([401, 'SESSION_REVOKED'])
  })

  test('with an expired access cookie is renewed by the refresh cookie, and refused without it', async () => {
    const cleo = await api.signUp()
    clock.advance(accessTokenTtlMs + 1_000)
    await untilRevocationsAreFresh(api)
    expect(outcome(await handshake(cookies(cleo, ['muster_at'])))).toEqual([401, 'UNAUTHENTICATED'])
    const answer = await handshake(cookies(cleo))
    expect(answer.status).toBe(opened[transport])
    const lines = answer.headers['set-cookie'] ?? []
    expect(lines.map((line) => line.split('=')[0])).toEqual(['muster_at', 'muster_rt'])
    expect(lines.every((line) => line.includes('HttpOnly'))).toBe(true)
    const renewed = lines.map((line) => line.split(';')[0]).join('; ')
    expect((await handshake({ cookie: renewed.split('; ')[0] as string })).status).toBe(opened[transport])
  })

  test('from a foreign page is refused, also with the cookies of a session; from an own page it opens', async () => {
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ]
    for (const headers of foreign)
      expect(outcome(await handshake({ ...headers, ...cookies(ann) })), JSON.stringify(headers)).toEqual([
        403,
        'CROSS_ORIGIN',
      ])
    const [own = ''] = api.deps.config.allowedOrigins
    const answer = await handshake({ origin: own, 'sec-fetch-site': 'same-site', ...cookies(ann) })
    expect(answer.status).toBe(opened[transport])
    if (transport === 'polling') expect(answer.headers['access-control-allow-origin']).toBe(own)
  })

  test('fails 30 times a minute for an address; good sessions of this address and others still open', async () => {
    const address = { 'x-forwarded-for': `203.0.113.${++addresses}` }
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        handshake(index % 2 ? address : { ...address, origin: 'https://evil.example', ...cookies(ann) }, strict),
      ),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect([answers.filter(({ status }) => status === 401 || status === 403).length, refused.length]).toEqual([30, 10])
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
    expect((await handshake({ ...address, ...cookies(await api.signUp()) }, strict)).status).toBe(opened[transport])
    expect((await handshake({ 'x-forwarded-for': '198.51.100.1' }, strict)).status).toBe(401)
    clock.advance(120_000)
    await untilRevocationsAreFresh(api)
    expect((await handshake(address, strict)).status).toBe(401)
  })

  test('is the eleventh of a user: refused until another connection has closed', async () => {
    const user = await api.signUp()
    const sockets = await Promise.all(Array.from({ length: 10 }, () => connectSocket(user, strict)))
    const answer = await handshake(cookies(user), strict)
    expect(outcome(answer)).toEqual([429, 'RATE_LIMITED'])
    expect(answer.headers['retry-after']).toBe('10')
    expect(outcome(await handshake(cookies(user), api))).toEqual([opened[transport], undefined])
    expect(outcome(await handshake(cookies(await api.signUp()), strict))).toEqual([opened[transport], undefined])
    sockets[0]?.disconnect()
    await expect.poll(async () => (await handshake(cookies(user), strict)).status).toBe(opened[transport])
    for (const socket of sockets) socket.disconnect()
  })
})

describe('a request of an open connection', () => {
  test('needs the cookies of the session that opened it', async () => {
    const [sid, ben] = [await open(ann), await api.signUp()]
    const strangers = [{}, cookies(ben), { cookie: 'muster_at=x' }]
    for (const headers of strangers) {
      for (const query of [`&sid=${sid}`, `&sid=${await open(ben)}&sid=${sid}`]) {
        expect(outcome(await engineRequest(api, 'polling', { headers, query }))).toEqual([403, 'FORBIDDEN'])
        expect(outcome(await engineRequest(api, 'websocket', { headers, query }))).toEqual([403, 'FORBIDDEN'])
        const sent = await engineRequest(api, 'polling', { headers, query, method: 'POST', body: '40' })
        expect(outcome(sent)).toEqual([403, 'FORBIDDEN'])
      }
    }
    const own = { headers: cookies(ann), query: `&sid=${sid}` }
    expect((await engineRequest(api, 'polling', { ...own, method: 'POST', body: '40' })).body).toBe('ok')
    expect((await engineRequest(api, 'polling', own)).body).toMatch(/^40\{"sid"/)
    expect((await engineRequest(api, 'websocket', own)).status).toBe(101)
  })

  test('comes from no foreign page', async () => {
    const request = { headers: { ...cookies(ann), origin: 'https://evil.example' }, query: `&sid=${await open(ann)}` }
    for (const transport of transports)
      expect(outcome(await engineRequest(api, transport, request))).toEqual([403, 'CROSS_ORIGIN'])
    const sent = await engineRequest(api, 'polling', { ...request, method: 'POST', body: '40' })
    expect(outcome(sent)).toEqual([403, 'CROSS_ORIGIN'])
  })

  test('is told when this instance does not know it, as Engine.IO does', async () => {
    const answer = await engineRequest(api, 'polling', { headers: cookies(ann), query: '&sid=elsewhere' })
    expect([answer.status, JSON.parse(answer.body)]).toEqual([400, { code: 1, message: 'Session ID unknown' }])
  })
})

test('paths other than that of Socket.IO ignore Upgrade, and its path serves nothing else', async () => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
  expect((await rawRequest(`${urlOf(api)}/health`, { headers: upgrade })).status).toBe(200)
  expect((await rawRequest(`${urlOf(api)}/socket.iox/`, { headers: upgrade })).status).toBe(404)
  expect((await engineRequest(api, 'polling', { headers: cookies(ann), method: 'HEAD' })).status).toBe(405)
  expect((await engineRequest(api, 'polling', { headers: cookies(ann), method: 'PUT' })).status).toBe(405)
  const noKey = await rawRequest(`${urlOf(api)}/socket.io/?EIO=4&transport=websocket`, {
    headers: { ...cookies(ann), ...upgrade },
  })
  expect(noKey.status).toBe(400)
  expect((await engineRequest(api, 'polling', { headers: cookies(ann), query: '&EIO=3' })).status).toBe(400)
})

test.each(transports)(
  'a plain client connects by %s with its cookies, and registers as nobody else',
  async (transport) => {
    const [socket, ben] = [await connectSocket(ann, api, { transports: [transport] }), await api.signUp()]
    expect(await ask(socket, 'register', { userId: ann.userId })).toEqual({
      success: true,
      data: { userId: ann.userId },
    })
    expect(await ask(socket, 'register', { userId: ben.userId })).toMatchObject({ error: { code: 'FORBIDDEN' } })
    socket.disconnect()
  },
)

test('a stopping instance announces when it closes each connection, opens no other, and answers HTTP', async () => {
  const stopping = await startInstance(api)
  // A `stale` after the start would end a poll, and the next poll finds no open connection while the instance stops.
  await eventually(() => expect(stopping.app.gateway?.signals.isConnected()).toBe(true))
  await sleep(gatherMs)
  const transportOf = (index: number): Transport => (index % 5 === 0 ? 'polling' : 'websocket')
  const sockets = await Promise.all(
    Array.from({ length: 90 }, (_, index) => connectSocket(ann, stopping, { transports: [transportOf(index)] })),
  )
  const url = urlOf(stopping)
  const kept = await Promise.all(Array.from({ length: 2 }, () => keptConnection(stopping)))
  const announced = sockets.map((socket) => nextEvent(socket, 'server:draining'))
  const closed = sockets.map(async (socket) => [await disconnected(socket), performance.now()] as const)
  const stopped = stopping.close()
  await announced[0]
  const startMs = performance.now()
  const [handshake, health] = await Promise.all([
    rawRequest(`${url}/socket.io/?EIO=4&transport=polling`, { headers: cookies(ann), agent: kept[0] }),
    rawRequest(`${url}/health`, { agent: kept[1] }),
  ])
  expect(outcome(handshake)).toEqual([503, 'OVERLOADED'])
  expect(health.status).toBe(200)
  const delays = (await Promise.all(announced)).map(({ delayMs }) => delayMs)
  expect(new Set(delays).size).toBe(90)
  const ends = await Promise.all(closed)
  // After either of these reasons Socket.IO's client connects again; a poll that comes too late finds no connection.
  for (const [reason] of ends) expect(reason).toMatch(/^transport (close|error)$/)
  for (const [index, [, atMs]] of ends.entries())
    expect(Math.abs(atMs - startMs - (delays[index] as number)), `${delays[index]}`).toBeLessThan(2_000)
  await stopped
})
