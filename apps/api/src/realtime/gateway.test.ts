import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestClient } from '../testing/test-app.ts'
import {
  ask,
  askAnything,
  connectSocket,
  disconnected,
  type Instance,
  nextEvent,
  recordEvents,
  startInstance,
  type TestSocket,
} from './testing/sockets.ts'

let api: TestApp
let other: Instance
const open: TestSocket[] = []

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  other = await startInstance(api)
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect()
})
afterAll(async () => {
  await other.close()
  await api.close()
})

const connect = async (...args: Parameters<typeof connectSocket>) => {
  const socket = await connectSocket(...args)
  open.push(socket)
  return socket
}
const on = (instance: 'first' | 'other') => (instance === 'first' ? api : other)

test.each([['websocket'], ['polling']] as const)(
  'a signed-in user connects by %s, and registers as nobody else',
  async (transport) => {
    const [ann, ben] = [await api.signUp(), await api.signUp()]
    const socket = await connect(ann, api, { transports: [transport] })
    expect(await ask(socket, 'register', { userId: ann.userId })).toEqual({
      success: true,
      data: { userId: ann.userId },
    })
    expect(await ask(socket, 'register', { userId: ben.userId })).toMatchObject({
      success: false,
      error: { code: 'FORBIDDEN' },
    })
  },
)

test.each([['first'], ['other']] as const)(
  'a session that ends on one instance ends its sockets on the %s within 1 s',
  async (instance) => {
    const ann = await api.signUp()
    const socket = await connect(ann, on(instance))
    const reasons = recordEvents(socket, 'session:ended')
    const gone = disconnected(socket)
    const startMs = performance.now()
    expect((await ann.inject('POST', '/api/v1/auth/logout')).statusCode).toBe(200)
    expect(await gone).toBe('io server disconnect')
    expect(performance.now() - startMs).toBeLessThan(1_000)
    expect(reasons).toEqual([{ reason: 'revoked' }])
  },
)

test('an unknown event and a wrong payload are answered in the shape of HTTP errors', async () => {
  const socket = await connect(await api.signUp(), api)
  expect(await askAnything(socket, 'nonsense', {})).toMatchObject({
    error: { code: 'NOT_FOUND' },
    message: 'There is no event "nonsense".',
  })
  const wrong = await askAnything(socket, 'register', { userId: 'me', more: 1 })
  expect(wrong).toMatchObject({ success: false, error: { code: 'VALIDATION_FAILED' } })
})

test('a stopping instance announces that it closes the connection, and lets the client come back', async () => {
  const stopping = await startInstance(api)
  const socket = await connect(await api.signUp(), stopping)
  const [announced, gone] = [nextEvent(socket, 'server:draining'), disconnected(socket)]
  await stopping.close()
  expect((await announced).delayMs).toBeLessThanOrEqual(10_000)
  expect(await gone).toBe('transport close')
})

test('a visitor without cookies is refused', async () => {
  const visitor: TestClient = api.connect()
  await expect(connect(visitor, api)).rejects.toThrow('websocket error')
  await expect(connect(visitor, api, { transports: ['polling'] })).rejects.toThrow('xhr poll error')
})
