import { clientEvents, type ServerEventPayload } from '@muster/realtime/events'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../testing/test-app.ts'
import type { Gateway } from './gateway.ts'
import { queuedBytes } from './metrics.ts'
import { engineRequest, sidOf } from './testing/raw-requests.ts'
import {
  ask,
  askAnything,
  connectSocket,
  cookieOf,
  disconnected,
  type Instance,
  recordEvents,
  startInstance,
  type TestSocket,
} from './testing/sockets.ts'

let api: TestApp
/** An instance with the limits of production. */
let strict: Instance
let lax: Instance
let gateway: Gateway
let ann: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  strict = await startInstance(api, { rateLimitScale: 1 })
  lax = await startInstance(api)
  gateway = strict.app.gateway as Gateway
  ann = await api.signUp()
})
afterAll(async () => {
  await lax.close()
  await strict.close()
  await api.close()
})

const register = () => ({ userId: ann.userId })
const kib = (count: number) => 'x'.repeat(count * 1_024)

describe('events', () => {
  test('pass 40 at once and 20 a second; those beyond are answered RATE_LIMITED with retryAfter', async () => {
    const socket = await connectSocket(ann, strict)
    const startMs = performance.now()
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(socket, 'register', register())))
    const passed = answers.filter(({ success }) => success).length
    // The first of the 40 has told that the socket has joined its rooms.
    expect(passed).toBeGreaterThanOrEqual(39)
    expect(passed).toBeLessThanOrEqual(40 + Math.ceil(((performance.now() - startMs) / 1_000) * 20))
    expect(answers.find(({ success }) => !success)).toMatchObject({ error: { code: 'RATE_LIMITED', retryAfter: 1 } })
    await eventually(async () => expect(await ask(socket, 'register', register())).toMatchObject({ success: true }))
    socket.disconnect()
  })

  test.each([...Object.keys(clientEvents), 'nonsense'])(
    'that flood (%s) close the connection, and others are served',
    async (event) => {
      const [flooding, other] = [await connectSocket(ann, strict), await connectSocket(await api.signUp(), strict)]
      const closed = disconnected(flooding)
      for (let sent = 0; sent < 1_000; sent++) askAnything(flooding, event, register()).catch(() => {})
      expect(await closed).toMatch(/^transport (close|error)$/)
      expect(await ask(other, 'register', register())).toMatchObject({ error: { code: 'FORBIDDEN' } })
      other.disconnect()
    },
  )
})

describe('a payload', () => {
  let socket: TestSocket
  beforeAll(async () => {
    socket = await connectSocket(ann, lax)
  })
  afterAll(() => void socket.disconnect())

  test.each<[string, unknown[], string]>([
    ['nothing', [], 'payload'],
    ['null', [null], 'payload'],
    ['a text', ['me'], 'payload'],
    ['a list', [[ann]], 'payload'],
    ['bytes', [Buffer.from('me')], 'payload'],
    ['bytes in a field', [{ userId: Buffer.from('me') }], 'payload.userId'],
    ['an unknown key', [{ userId: '0199f3a0-5c1e-7d3b-9a44-2f6b8c0d1e57', admin: true }], 'payload.admin'],
    ['no id', [{ userId: 'me' }], 'payload.userId'],
  ])('of %s is answered VALIDATION_FAILED with the place of the fault', async (_name, args, path) => {
    const answer = await askAnything(socket, 'register', ...args)
    expect(answer).toMatchObject({ success: false, error: { code: 'VALIDATION_FAILED', details: [{ path }] } })
    expect(answer).toHaveProperty('error.requestId')
  })

  test('beside another one is refused', async () => {
    expect(await askAnything(socket, 'register', register(), 1)).toMatchObject({ error: { code: 'VALIDATION_FAILED' } })
  })

  test('of an event that does not exist is answered NOT_FOUND', async () => {
    for (const event of ['chat:nonsense', '__proto__', 'constructor', kib(10)])
      expect(await askAnything(socket, event, {})).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })
})

describe('what is no valid packet', () => {
  test.each([
    ['a frame above 64 KiB', `42["register","${kib(65)}"]`],
    ['no packet', 'nonsense'],
    ['a reserved event', '42["disconnect"]'],
    ['no JSON', '42["register",'],
    ['bytes that nothing announced', Buffer.from('x')],
    ['a namespace that does not exist and then an event of it', '42/admin,["register"]'],
  ])('(%s) closes the connection', async (_name, frame) => {
    const socket = await connectSocket(ann, strict)
    const closed = disconnected(socket)
    webSocketOf(socket).send(frame)
    expect(await closed).toMatch(/^transport (close|error)$/)
  })

  test('closes a connection that polls with more than 64 KiB', async () => {
    const headers = { cookie: cookieOf(ann) }
    const query = `&sid=${sidOf(await engineRequest(strict, 'polling', { headers }))}`
    const sent = await engineRequest(strict, 'polling', {
      headers,
      query,
      method: 'POST',
      body: `42["x","${kib(65)}"]`,
    })
    expect(sent.status).toBe(413)
    expect((await engineRequest(strict, 'polling', { headers, query })).body).toContain('Session ID unknown')
  })
})

describe('a client that stops reading', () => {
  const emit = (count: number, options = {}) => {
    const payload = { count, change: count, filler: kib(1) } as unknown as ServerEventPayload<'notification:count'>
    gateway.emit(`user:${ann.userId}`, 'notification:count', payload, options)
  }
  /** Emits 10,000 events, and lets the others read meanwhile. */
  const emitMany = async (options = {}) => {
    for (let sent = 1; sent <= 10_000; sent++) {
      emit(sent, options)
      if (sent % 100 === 0) await new Promise(setImmediate)
    }
  }
  const pause = (socket: TestSocket) => void webSocketOf(socket)._socket.pause()
  const openSockets = () => [...gateway.connections.ofUser(ann.userId)].length

  test('is closed while 10,000 messages pass, and another one gets each of them', async () => {
    const [reader, slow] = [await connectSocket(ann, strict), await connectSocket(ann, strict)]
    const received = recordEvents(reader, 'notification:count')
    pause(slow)
    await emitMany()
    await eventually(() => expect(received).toHaveLength(10_000))
    await eventually(() => expect(openSockets()).toBe(1))
    expect(received.every(({ count }, index) => count === index + 1)).toBe(true)
    reader.disconnect()
    slow.disconnect()
  })

  test('loses only events that may be dropped, and is closed after 10 s without progress', async () => {
    const [late, never] = [await connectSocket(ann, strict), await connectSocket(ann, strict)]
    const received = recordEvents(late, 'notification:count')
    pause(late)
    pause(never)
    await emitMany({ isDroppable: true })
    expect(openSockets()).toBe(2)
    webSocketOf(late)._socket.resume()
    emit(0)
    await eventually(() => expect(received.at(-1)?.count).toBe(0))
    expect(received.length).toBeLessThan(10_000)
    // The gateway has looked once since, so that it knows what waited.
    await eventually(async () => expect((await queuedBytes.get()).values[0]?.value).toBeGreaterThan(400 * 1_024))
    const { now } = performance
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 11_000)
    await eventually(() => expect(openSockets()).toBe(1))
    vi.restoreAllMocks()
    expect(await ask(late, 'register', register())).toMatchObject({ success: true })
    late.disconnect()
    never.disconnect()
  })
})

type NodeWebSocket = { send(data: string | Buffer): void; _socket: { pause(): void; resume(): void } }
const webSocketOf = (socket: TestSocket) => (socket.io.engine.transport as unknown as { ws: NodeWebSocket }).ws
