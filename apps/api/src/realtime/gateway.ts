import { DomainError } from '@muster/errors'
import type { Logger } from '@muster/logger'
import type { Room } from '@muster/signals'
import { Server as EngineServer, type Socket as EngineSocket } from 'engine.io'
import { Server as SocketServer } from 'socket.io'
import type { Context } from '../context.ts'
import type { Actor } from '../http/actor.ts'
import { scaledMax, socketLimits } from '../http/limits/limits.ts'
import type { FeedChange } from '../modules/chats/change-feed.service.ts'
import { closeForReconnect, closeNow, disconnect } from './close-connection.ts'
import { type Connection, type Connections, createConnections } from './connections.ts'
import { createDispatcher, type Dispatcher } from './dispatch.ts'
import { drainConnections } from './drain.ts'
import { createEmitter, type Emit } from './emitter.ts'
import { actorOfHandshake } from './engine-routes.ts'
import { features } from './features.ts'
import { socketsOpen } from './metrics.ts'
import { watchSessions } from './session-watch.ts'
import { type SignalHub, startSignalHub } from './signals/signal-hub.ts'
import { watchSlowReaders } from './slow-readers.ts'

/** Where the features of realtime plug in. */
export type Gateway = {
  /** Handles an event of clients: its data is acknowledged, or the error that it throws, in the shape of HTTP. */
  handle: Dispatcher['handle']
  /**
   * Emits an event to a room or to connections: the only way to emit. Returns false, and emits nothing, while {@link isOpen} is false.
   */
  emit: Emit
  /**
   * Tells whether private data may be emitted. Otherwise revocations are not known; who has rows to deliver waits by {@link whenOpen}.
   */
  isOpen(): boolean
  whenOpen(): Promise<void>
  /** Calls the listener each time when emitting is possible again after it was not: events have been lost meanwhile. */
  onOpen(listener: () => void): void
  /**
   * Calls the listener with each connection that opens, before its client learns that it is connected, and before it joins the rooms of its
   * user. When the listener fails, the connection is closed, and the client connects again.
   */
  onOpening(listener: (connection: Connection) => Promise<void>): void
  /**
   * Calls the listener with each connection that has joined the rooms of its user, before its first event is answered. When the
   * listener fails, the connection is closed, and the client connects again.
   */
  onConnect(listener: (connection: Connection) => void | Promise<void>): void
  /** Calls the listener with each connection that has left: it closed, or its session lacks a second factor from now on. */
  onDisconnect(listener: (connection: Connection) => void): void
  /** Calls the listener with each change of a chat when it was emitted here, after the event. */
  onChange(listener: (change: FeedChange) => void): void
  /** For the delivery of changes: calls the listeners of {@link onChange}. */
  noteChange(change: FeedChange): void
  connections: Pick<Connections, 'inRoom' | 'ofUser' | 'hasUser' | 'all' | 'size' | 'join' | 'leave'>
  /** Signals of this and of other processes, and the polls that replace lost ones. */
  signals: Omit<SignalHub, 'close'>
}

/** A part of realtime: registers itself at the gateway, and returns how it ends. */
export type Feature = (gateway: Gateway, context: Context) => { close(): Promise<void> | void } | undefined

const maxMessageBytes = 64 * 1_024
/** A client connects to the namespace at once; one that does not is none of ours. */
const connectTimeoutMs = 10_000
/** How long a client waits that has too many connections: until another one of them has closed. */
const crowdedRetrySeconds = 10
/** The reasons of Engine.IO for which a connection was lost, and not closed by its client. */
const losses: ReadonlySet<string> = new Set(['ping timeout', 'transport error', 'parse error'])
const drainingMessage = 'This server is shutting down. Connect again, to another one.'

/** The gateway as the process runs it. */
export type RunningGateway = Gateway & {
  /** Finds the connection of an Engine.IO session. */
  connectionOf: Connections['of']
  /** @throws DomainError RATE_LIMITED for a user with too many connections, OVERLOADED while the process stops */
  assertAdmits(actor: Actor): void
  drain(): Promise<void>
  close(): Promise<void>
}

/** Creates the Engine.IO server, which the gateway and its routes share. */
export const createEngine = () =>
  new EngineServer({
    transports: ['polling', 'websocket'],
    maxHttpBufferSize: maxMessageBytes,
    perMessageDeflate: false,
    httpCompression: false,
  })

/** Starts Socket.IO and the features on it. */
export function startGateway(engine: EngineServer, context: Context): RunningGateway {
  const { config, revocations, lookups, clock, log } = context
  const io = new SocketServer({ connectTimeout: connectTimeoutMs, serveClient: false })
  const maxSockets = scaledMax(socketLimits.sockets, config.rateLimitScale)
  const maxPackets = scaledMax({ max: socketLimits.packets.perSecond }, config.rateLimitScale)
  const connections = createConnections()
  const listeners = createListeners(log)
  const slowReaders = watchSlowReaders(engine, connections, log)
  const { emit, emitAlways } = createEmitter(connections, {
    isOpen: () => sessions.isOpen(),
    canTake: slowReaders.canTake,
    publicUrl: config.publicUrl,
  })
  const sessions = watchSessions({ revocations, lookups, clock, log }, connections, {
    ended(connection, reason) {
      emitAlways([connection], 'session:ended', { reason })
      leave(connection)
      connections.close(connection)
      disconnect(connection)
    },
    revoked: leave,
    read(connection, { actor, expiresAtMs }) {
      connection.internals.expiresAtMs = expiresAtMs
      connection.actor = actor
      if (connection.internals.socket?.connected) deriveRooms(connection)
    },
    opened: listeners.opened,
  })
  const dispatcher = createDispatcher(
    { log, rateLimitScale: config.rateLimitScale, publicUrl: config.publicUrl },
    sessions,
  )

  /** Joins and leaves the rooms that the session decides. */
  function deriveRooms(connection: Connection): void {
    const { actor, internals } = connection
    const wanted = roomsOf(actor)
    if (actor.lacksFactor) leave(connection)
    for (const room of internals.rooms)
      if (room.startsWith('org:') && !wanted.includes(room)) connections.leave(connection, room)
    for (const room of wanted) connections.join(connection, room)
    if (actor.lacksFactor || internals.hasEntered) return
    internals.hasEntered = true
    inTurn(connection, () => listeners.connected(connection))
  }

  /** Leaves every room except that of the session. */
  function leave(connection: Connection): void {
    const { internals } = connection
    for (const room of internals.rooms) if (!room.startsWith('session:')) connections.leave(connection, room)
    if (!internals.hasEntered) return
    internals.hasEntered = false
    if (internals.ready) inTurn(connection, () => forget(connection))
    else forget(connection)
  }

  function forget(connection: Connection): void {
    listeners.disconnected(connection)
    connection.chats.clear()
  }

  /** Runs the steps of a connection one after the other: features learn of its end after they have learnt of it. */
  function inTurn(connection: Connection, step: () => void | Promise<void>): void {
    const { internals } = connection
    const before = internals.ready ?? Promise.resolve()
    const ready = before.then(step).catch((error: unknown) => {
      log.warn(
        { component: 'realtime', err: error, userId: connection.actor.userId },
        'connection not prepared, closing it',
      )
      closeForReconnect(connection)
    })
    internals.ready = ready
    void ready.then(() => {
      if (internals.ready === ready) internals.ready = undefined
    })
  }

  engine.on('connection', (socket: EngineSocket) => {
    const actor = actorOfHandshake(socket)
    if (!actor || connections.countOf(actor.userId) >= maxSockets) return void socket.close()
    const connection = connections.open(socket, actor)
    connections.join(connection, `session:${actor.sessionId}`)
    slowReaders.watch(connection)
    countTransports(socket)
    socket.on('packet', noteHeard)
    socket.once('close', (reason: string) => {
      connection.isLost ||= losses.has(reason)
      leave(connection)
      connections.close(connection)
    })
    // Read after it is open: a change from now on is noticed, and an earlier one is read.
    connection.internals.ready = Promise.all([sessions.check(connection), listeners.opening(connection)]).then(() => {})
    connection.internals.ready.catch(() => {})
  })
  /** For all connections, so that none needs a closure: Engine.IO calls it with its socket as `this`. */
  function noteHeard(this: EngineSocket): void {
    const connection = connections.of(this)
    if (!connection) return
    connection.heardAtMs = performance.now()
    if (isFlood(connection, maxPackets)) closeNow(connection)
  }

  io.bind(engine)
  io.use((socket, next) => {
    const connection = connections.of(socket.conn as unknown as EngineSocket)
    if (!connection || connection.internals.socket) return next(new Error('Connect once.'))
    connection.internals.socket = socket
    void Promise.resolve(connection.internals.ready)
      // The client connects again by itself, while it gives up after an error of the namespace.
      .catch(() => closeForReconnect(connection))
      .then(() => next())
  })
  io.on('connection', (socket) => {
    const connection = connections.of(socket.conn as unknown as EngineSocket)
    if (!connection) return void socket.disconnect(true)
    connection.internals.ready = undefined
    socket.use((packet) => void dispatcher.dispatch(connection, packet))
    socket.once('disconnect', () => void socket.conn.close())
    deriveRooms(connection)
  })

  const signals = startSignalHub(context, { hasConnections: () => connections.size > 0 })
  const gateway: Gateway = {
    handle: dispatcher.handle,
    emit,
    isOpen: sessions.isOpen,
    whenOpen: sessions.whenOpen,
    onOpen: listeners.onOpen,
    onOpening: listeners.onOpening,
    onConnect: listeners.onConnect,
    onDisconnect: listeners.onDisconnect,
    onChange: listeners.onChange,
    noteChange: listeners.changed,
    connections,
    signals,
  }
  const running = features.map((feature) => feature(gateway, context))
  const drain = drainConnections({ connections, emitAlways, shutdownDelayMs: config.shutdownDelayMs })
  return {
    ...gateway,
    connectionOf: connections.of,
    assertAdmits({ userId }) {
      if (drain.hasBegun()) throw new DomainError('OVERLOADED', { message: drainingMessage, retryAfterSeconds: 1 })
      if (connections.countOf(userId) < maxSockets) return
      const message = `You have ${maxSockets} open connections already. Close one of them first.`
      throw new DomainError('RATE_LIMITED', { message, retryAfterSeconds: crowdedRetrySeconds })
    },
    drain: drain.run,
    async close() {
      for (const feature of running.toReversed()) await feature?.close()
      await signals.close()
      sessions.close()
      slowReaders.close()
      engine.close()
    },
  }
}

/** Returns the rooms of an actor. One who must set up a second factor first is in that of the session alone. */
const roomsOf = ({ userId, sessionId, organizationId, lacksFactor }: Actor): Room[] =>
  lacksFactor
    ? [`session:${sessionId}`]
    : [`session:${sessionId}`, `user:${userId}`, ...(organizationId ? [`org:${organizationId}` as const] : [])]

/** Counts a packet of the connection, and tells whether there were too many within a second. */
function isFlood({ heardAtMs, internals }: Connection, maxPerSecond: number): boolean {
  if (heardAtMs - internals.packetsSinceMs >= 1_000) {
    internals.packetsSinceMs = heardAtMs
    internals.packets = 0
  }
  return ++internals.packets > maxPerSecond
}

function countTransports(socket: EngineSocket): void {
  let transport = socket.transport.name
  socketsOpen.inc({ transport })
  socket.once('upgrade', () => {
    socketsOpen.dec({ transport })
    transport = socket.transport.name
    socketsOpen.inc({ transport })
  })
  socket.once('close', () => socketsOpen.dec({ transport }))
}

function createListeners(log: Logger) {
  const onOpen: (() => void)[] = []
  const onOpening: ((connection: Connection) => Promise<void>)[] = []
  const onConnect: ((connection: Connection) => void | Promise<void>)[] = []
  const onDisconnect: ((connection: Connection) => void)[] = []
  const onChange: ((change: FeedChange) => void)[] = []
  const callAll = <Args extends unknown[]>(all: readonly ((...args: Args) => void)[], ...args: Args) => {
    for (const listener of all) {
      try {
        listener(...args)
      } catch (error) {
        log.error({ component: 'realtime', err: error }, 'listener of the gateway failed')
      }
    }
  }
  return {
    onOpen: (listener: () => void) => void onOpen.push(listener),
    onOpening: (listener: (connection: Connection) => Promise<void>) => void onOpening.push(listener),
    onConnect: (listener: (connection: Connection) => void | Promise<void>) => void onConnect.push(listener),
    onDisconnect: (listener: (connection: Connection) => void) => void onDisconnect.push(listener),
    onChange: (listener: (change: FeedChange) => void) => void onChange.push(listener),
    opened: () => callAll(onOpen),
    opening: (connection: Connection) => Promise.all(onOpening.map((listener) => listener(connection))),
    async connected(connection: Connection) {
      for (const listener of onConnect) await listener(connection)
    },
    disconnected: (connection: Connection) => callAll(onDisconnect, connection),
    changed: (change: FeedChange) => callAll(onChange, change),
  }
}
