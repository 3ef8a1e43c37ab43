import { freePort } from '@muster/devkit'
import type { ServerEvents } from '@muster/realtime/events'
import { isLongForm } from '@muster/testing'
import { io, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import type { User } from './users/user.ts'

const sockets = isLongForm ? 1_000 : 300
const currentWithinMs = 5_000
const drainLimitMs = 25_000
const revocations = isLongForm ? 5 : 2
const revokedWithinMs = 1_000

let system: System
let first: App
let second: App
let user: User

beforeAll(async () => {
  system = await startSystem()
  ;[first, second] = await Promise.all([
    system.start('api'),
    system.start('api', { port: await freePort() }),
    system.start('email-worker'),
  ])
  user = await system.registeredUser()
})
afterAll(() => system.close())

type Client = Socket<ServerEvents>

const socketTo = ({ url }: App, cookie: string, reconnection = false): Client =>
  io(url, { transports: ['websocket'], forceNew: true, reconnection, extraHeaders: { cookie } })

const connected = (socket: Client) =>
  new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })

/** Connects a client that is sent to the second API when the first one closes it, as a balancer does. */
async function movingClient() {
  const socket = socketTo(first, user.cookieHeader(), true)
  await connected(socket)
  return {
    socket,
    announced: new Promise<number>((resolve) => void socket.once('server:draining', ({ delayMs }) => resolve(delayMs))),
    moved: new Promise<{ reason: string; tookMs: number }>((resolve) => {
      socket.once('disconnect', (reason) => {
        const startMs = performance.now()
        ;(socket.io as unknown as { uri: string }).uri = second.url
        socket.once('connect', () => resolve({ reason, tookMs: performance.now() - startMs }))
      })
    }),
  }
}

test(`SIGTERM with ${sockets} sockets moves each to another instance within 5 s, and exits within 25 s`, async () => {
  const clients: Awaited<ReturnType<typeof movingClient>>[] = []
  while (clients.length < sockets) clients.push(...(await Promise.all(Array.from({ length: 50 }, movingClient))))

  const exit = first.terminate()
  const delays = await Promise.all(clients.map(({ announced }) => announced))
  expect(Math.max(...delays)).toBeLessThanOrEqual(10_000)
  expect(new Set(delays).size).toBeGreaterThan(sockets / 2)
  const moves = await Promise.all(clients.map(({ moved }) => moved))
  expect(new Set(moves.map(({ reason }) => reason))).toEqual(new Set(['transport close']))
  expect(Math.max(...moves.map(({ tookMs }) => tookMs))).toBeLessThan(currentWithinMs)
  const { code, durationMs } = await exit
  expect(code, first.output().slice(-2_000)).toBe(0)
  expect(durationMs).toBeLessThan(drainLimitMs)

  for (const { socket } of clients) socket.disconnect()
  first = await system.start('api')
})

test('a revoked session loses its sockets on every instance within 1 s, with Redis dead', async () => {
  const cookies: string[] = []
  for (let round = 0; round < revocations; round++) cookies.push(await signInElsewhere())
  await system.redis.kill()
  for (const cookie of cookies) {
    const open = [socketTo(first, cookie), socketTo(second, cookie)]
    await Promise.all(open.map(connected))
    const ended = open.map((socket) => new Promise((resolve) => void socket.once('disconnect', resolve)))
    const startMs = performance.now()
    const { status } = await fetch(`${first.url}/api/v1/auth/logout`, { method: 'POST', headers: { cookie } })
    expect(status).toBe(200)
    expect(await Promise.all(ended)).toEqual(['io server disconnect', 'io server disconnect'])
    expect(performance.now() - startMs).toBeLessThan(revokedWithinMs)
  }
  await system.redis.restart()
})

/** Signs the user in as a new browser would. @returns the `Cookie` header of the new session */
async function signInElsewhere(): Promise<string> {
  const response = await fetch(`${first.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: user.email, password: user.password }),
  })
  expect(response.status).toBe(200)
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')
}
