import type { Socket } from 'socket.io-client'
import type { ServerEvents } from '../generated/schemas.gen.ts'
import type { CookieJar } from '../http/cookie-jar.ts'
import { errorOfEnvelope, MusterError } from '../http/error.ts'
import { createStore, type Store } from '../store.ts'
import type {
  AcknowledgedData,
  Acknowledgement,
  ClientEmits,
  ClientEventName,
  Payload,
  ServerEventName,
  ServerListeners,
} from './event-types.ts'

/** `open`: connected, and the server knows who it is. `waiting`: the next attempt comes after a delay. */
export type ConnectionState = 'off' | 'connecting' | 'open' | 'waiting'

type Deps = {
  baseUrl: string
  cookies: CookieJar | undefined
  userId: () => string | null
  /** Asks the server who is signed in. */
  restoreSession: () => Promise<unknown>
  /** Records that the server ended the session. */
  sessionEnded: () => void
  onEvent: <Name extends ServerEventName>(event: Name, payload: ServerEvents[Name]) => void
  /** Is called after each connection, before it counts as open. A rejection closes it, and another attempt follows. */
  onOpen: (signal: AbortSignal) => Promise<void>
  /** Is called when an attempt has failed. Others follow. */
  onFailure: (error: MusterError) => void
}

export type Connection = ReturnType<typeof createConnection>

const firstDelayMs = 500
const maxDelayMs = 10_000
/** After an announced close another instance is ready, so that no delay has to grow. */
const drainedDelayMs = 100
const answerTimeoutMs = 10_000

/**
 * Keeps a WebSocket open while a user is signed in. It waits longer after each failure, at least as long as the server asks, and asks
 * over HTTP whether the session has ended, since browsers do not say why a WebSocket was refused.
 */
export function createConnection(deps: Deps) {
  const state = createStore<ConnectionState>('off')
  let socket: Socket<ServerListeners, ClientEmits> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let refusal: MusterError | undefined
  let isDraining = false
  /** Ends what belongs to the present connection. */
  let opened = new AbortController()

  function createSocket({ io, nodeWebSocket }: SocketIo): Socket<ServerListeners, ClientEmits> {
    const { baseUrl, cookies } = deps
    const transport =
      cookies &&
      nodeWebSocket?.(cookies, deps.userId, (error) => {
        refusal = error
      })
    const created: Socket<ServerListeners, ClientEmits> = io(baseUrl, {
      path: '/socket.io',
      transports: transport ? [transport as never] : ['websocket'],
      withCredentials: true,
      reconnection: false,
      autoConnect: false,
      forceNew: true,
    })
    created.on('connect', () => void open())
    created.on('connect_error', () => failed())
    created.on('disconnect', (reason) => closed(reason))
    created.onAny((event: ServerEventName, payload) => {
      if (event === 'server:draining') isDraining = true
      if (event === 'session:ended') deps.sessionEnded()
      deps.onEvent(event, payload)
    })
    return created
  }

  async function open(): Promise<void> {
    opened = new AbortController()
    const { signal } = opened
    try {
      const userId = deps.userId()
      if (userId === null) return stop()
      await request('register', { userId })
      await deps.onOpen(signal)
      if (signal.aborted) return
      failures = 0
      refusal = undefined
      isDraining = false
      state.set('open')
    } catch (error) {
      if (signal.aborted) return
      socket?.disconnect()
      failed(error)
    }
  }

  function closed(reason: Socket.DisconnectReason): void {
    opened.abort()
    if (state.getSnapshot() === 'off' || reason === 'io client disconnect') return
    // The server closes like this only what must not come back as it is: the session has ended, or its rights are others.
    if (reason === 'io server disconnect') failed()
    else wait(isDraining ? drainedDelayMs : firstDelayMs)
  }

  function failed(error: unknown = refusal): void {
    if (state.getSnapshot() === 'off') return
    failures++
    refusal = error instanceof MusterError ? error : undefined
    deps.onFailure(refusal ?? noConnection(error))
    wait(Math.min(maxDelayMs, firstDelayMs * 2 ** failures), (refusal?.retryAfter ?? 0) * 1_000)
  }

  /** Waits before the next attempt, half of the time at random so that clients do not come back together. */
  function wait(delayMs: number, leastMs = 0): void {
    if (state.getSnapshot() === 'off') return
    state.set('waiting')
    clearTimeout(timer)
    timer = setTimeout(() => void attempt(), leastMs + delayMs * (0.5 + Math.random() / 2))
  }

  async function attempt(): Promise<void> {
    clearTimeout(timer)
    if (state.getSnapshot() !== 'waiting') return
    state.set('connecting')
    refusal = undefined
    if (failures > 0) {
      try {
        await deps.restoreSession()
      } catch (error) {
        return failed(error)
      }
    }
    if (state.getSnapshot() !== 'connecting') return
    if (deps.userId() === null) return stop()
    let socketIo: SocketIo
    try {
      socketIo = await loadSocketIo(deps.cookies !== undefined)
    } catch (error) {
      return failed(error)
    }
    if (state.getSnapshot() !== 'connecting') return
    socket ??= createSocket(socketIo)
    socket.connect()
  }

  function start(): void {
    if (state.getSnapshot() !== 'off') return
    failures = 0
    isDraining = false
    state.set('waiting')
    void attempt()
  }

  function stop(): void {
    clearTimeout(timer)
    opened.abort()
    state.set('off')
    socket?.disconnect()
    socket = undefined
  }

  async function request<Name extends ClientEventName>(
    event: Name,
    payload: Payload<Name>,
  ): Promise<AcknowledgedData<Name>> {
    const current = socket
    if (!current?.connected) throw noConnection()
    const answer = await new Promise<Acknowledgement<AcknowledgedData<Name>>>((resolve, reject) => {
      const emitter = current.timeout(answerTimeoutMs) as unknown as {
        emit(event: string, payload: unknown, acknowledge: (error: Error | null, answer: never) => void): void
      }
      emitter.emit(event, payload, (cause, given) => (cause ? reject(noAnswer(cause)) : resolve(given)))
    })
    if (answer.success) return answer.data
    throw errorOfEnvelope(answer, { retryAfter: answer.error.retryAfter })
  }

  return {
    state: state as Store<ConnectionState>,
    start,
    stop,
    request,
    /** Attempts at once instead of after the delay, e.g. when the network is back. */
    retryNow: () => void attempt(),
    /** Closes the present connection, so that another one begins with a sync. */
    reconnect() {
      if (state.getSnapshot() !== 'open') return
      socket?.disconnect()
      opened.abort()
      wait(firstDelayMs)
    },
  }
}

type SocketIo = Awaited<ReturnType<typeof loadSocketIo>>

/** Loads Socket.IO with the first connection, so that a page of somebody who is not signed in does without its 15 kB. */
async function loadSocketIo(isNode: boolean) {
  const [{ io }, { nodeWebSocket }] = await Promise.all([
    import('socket.io-client'),
    isNode ? import('./node-web-socket.ts') : { nodeWebSocket: undefined },
  ])
  return { io, nodeWebSocket }
}

const noConnection = (cause?: unknown) =>
  new MusterError('There is no connection. Try again.', { code: 'NETWORK', cause })
const noAnswer = (cause: Error) =>
  new MusterError('The server did not answer over the socket.', { code: 'TIMEOUT', cause })
