import type { AddressInfo } from 'node:net'
import type {
  Acknowledgement,
  ClientEventData,
  ClientEventName,
  ClientEventPayload,
  ClientEvents,
  ServerEventName,
  ServerEventPayload,
  ServerEvents,
} from '@muster/realtime/events'
import type { FastifyInstance } from 'fastify'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { buildApp } from '../../app.ts'
import type { Config } from '../../config.ts'
import { createDeps, type Deps } from '../../deps.ts'
import type { TestApp, TestClient } from '../../testing/test-app.ts'

export type TestSocket = Socket<ServerEvents, ClientEvents>

/** An API that listens: that of a test, or a further one on its database and Redis. */
export type Instance = { app: FastifyInstance; deps: Deps; url: string; close(): Promise<void> }

type Options = Partial<ManagerOptions & SocketOptions>

const patienceMs = 10_000

/** Starts another API on the database and Redis of the test app, and lets it listen on a free port. */
export async function startInstance(api: TestApp, config: Partial<Config> = {}): Promise<Instance> {
  const { close, ...deps } = createDeps({ ...api.deps.config, ...config }, api.deps.log, api.deps.clock)
  const app = await buildApp(deps)
  await deps.revocations.loaded
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    app,
    deps,
    url,
    async close() {
      await app.close()
      await close()
    },
  }
}

/** Returns the base URL of an app that listens. */
export const urlOf = ({ app }: Pick<Instance, 'app'>): string =>
  `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`

/** Returns the `Cookie` header of a client. */
export const cookieOf = ({ cookies }: Pick<TestClient, 'cookies'>): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

/** Creates the socket of a client, with its cookies of now; it connects by WebSocket at once, and not again by itself. */
export function socketOf(
  client: Pick<TestClient, 'cookies'>,
  on: Pick<Instance, 'app'>,
  options: Options = {},
): TestSocket {
  return io(urlOf(on), {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: { cookie: cookieOf(client) },
    ...options,
  })
}

/**
 * Connects a socket of a client, and waits until it has joined its rooms: events of before are not for it. That is a moment after the
 * client is connected, and before any event is answered, also one that does not exist. @throws Error when the server refuses it
 */
export async function connectSocket(
  client: Pick<TestClient, 'cookies'>,
  on: Pick<Instance, 'app'>,
  options: Options = {},
): Promise<TestSocket> {
  const socket = socketOf(client, on, options)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  await askAnything(socket, 'joined?')
  return socket
}

/** Sends an event. @returns its acknowledgement */
export async function ask<Name extends ClientEventName>(
  socket: TestSocket,
  event: Name,
  payload: ClientEventPayload<Name>,
): Promise<Acknowledgement<ClientEventData<Name>>> {
  return untyped(socket).timeout(patienceMs).emitWithAck(event, payload)
}

/** Sends anything as an event. @returns the acknowledgement */
export const askAnything = (socket: TestSocket, event: string, ...args: unknown[]): Promise<Acknowledgement<unknown>> =>
  untyped(socket)
    .timeout(patienceMs)
    .emitWithAck(event, ...args)

/** Waits for the next event of the server that fits. */
export function nextEvent<Name extends ServerEventName>(
  socket: TestSocket,
  event: Name,
  fits: (payload: ServerEventPayload<Name>) => boolean = () => true,
): Promise<ServerEventPayload<Name>> {
  return new Promise((resolve, reject) => {
    const listener = (payload: ServerEventPayload<Name>) => {
      if (!fits(payload)) return
      clearTimeout(timer)
      untyped(socket).off(event, listener)
      resolve(payload)
    }
    const timer = setTimeout(() => {
      untyped(socket).off(event, listener)
      reject(new Error(`The event ${event} did not arrive in time.`))
    }, patienceMs)
    untyped(socket).on(event, listener)
  })
}

/** Collects the events of the server from now on. */
export function recordEvents<Name extends ServerEventName>(
  socket: TestSocket,
  event: Name,
): ServerEventPayload<Name>[] {
  const received: ServerEventPayload<Name>[] = []
  untyped(socket).on(event, (payload: ServerEventPayload<Name>) => void received.push(payload))
  return received
}

/** Waits until the socket is disconnected. @returns the reason, as Socket.IO's client names it */
export const disconnected = (socket: TestSocket): Promise<string> =>
  new Promise((resolve) => void socket.once('disconnect', resolve))

type AnyListener = (...args: never[]) => void
type Untyped = Pick<Socket, 'timeout'> & Record<'on' | 'off', (event: string, listener: AnyListener) => void>
const untyped = (socket: TestSocket) => socket as unknown as Untyped
