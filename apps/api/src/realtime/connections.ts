import type { Room } from '@muster/signals'
import type { Socket as EngineSocket } from 'engine.io'
import type { Socket } from 'socket.io'
import type { Actor } from '../http/actor.ts'

/** An open connection of a client. A plain record: there are many of them. */
export type Connection = {
  /** The actor of the session as of now. */
  actor: Actor
  readonly sessionId: string
  /** Ids of the chats whose rooms it is in. */
  readonly chats: Set<string>
  /** When the client was last heard, by the steady clock. */
  heardAtMs: number
  /** Whether it was lost, or closed so that the client connects again; false when its client left, or its session ended. */
  isLost: boolean
  /** For the gateway alone. */
  readonly internals: Internals
}

type Internals = {
  readonly engine: EngineSocket
  /** Set once the client has connected to the namespace. */
  socket: Socket | undefined
  readonly rooms: Set<Room>
  /** When the session ends unless it is used before. */
  expiresAtMs: number
  /** Resolves when the session was read after the connection was opened, and the features know it. */
  ready: Promise<void> | undefined
  /** Whether the features know it: it has all rooms of its user. */
  hasEntered: boolean
  /** The rest of the limit of events, and the time at which it was counted. */
  tokens: number
  tokensAtMs: number
  /** Packets of any kind since a time, for the limit of floods. */
  packets: number
  packetsSinceMs: number
  /** Bytes that wait in Engine.IO's own queue. */
  queuedBytes: number
  sentBytes: number
  /** The bytes that had left this process at the last check, and since when the number is the same. */
  doneBytes: number
  stuckSinceMs: number
}

export type Connections = {
  /** Lists the connections in a room, in no order. */
  inRoom(room: Room): Iterable<Connection>
  /** Lists the connections of a user whose rooms they have joined. */
  ofUser(userId: string): Iterable<Connection>
  /** Tells whether a user has such a connection. */
  hasUser(userId: string): boolean
  /** Lists all connections, also those that have joined nothing yet. */
  all(): Iterable<Connection>
  /** Finds the connection of an Engine.IO session. */
  of(engine: EngineSocket): Connection | undefined
  /** Counts the open connections of a user. */
  countOf(userId: string): number
  readonly size: number
  join(connection: Connection, room: Room): void
  leave(connection: Connection, room: Room): void
  open(engine: EngineSocket, actor: Actor): Connection
  /** Removes a connection from all rooms. */
  close(connection: Connection): void
}

const nobody: ReadonlySet<Connection> = new Set()

/** Creates the list of the connections of this instance, by rooms. */
export function createConnections(): Connections {
  const open = new Set<Connection>()
  const byEngine = new WeakMap<EngineSocket, Connection>()
  const rooms = new Map<Room, Set<Connection>>()
  const counts = new Map<string, number>()

  const count = (userId: string, step: 1 | -1) => {
    const next = (counts.get(userId) ?? 0) + step
    if (next === 0) counts.delete(userId)
    else counts.set(userId, next)
  }
  const leave = (connection: Connection, room: Room) => {
    const members = rooms.get(room)
    if (!connection.internals.rooms.delete(room) || !members) return
    members.delete(connection)
    if (members.size === 0) rooms.delete(room)
  }

  return {
    inRoom: (room) => rooms.get(room) ?? nobody,
    ofUser: (userId) => rooms.get(`user:${userId}`) ?? nobody,
    hasUser: (userId) => rooms.has(`user:${userId}`),
    all: () => open,
    of: (engine) => byEngine.get(engine),
    countOf: (userId) => counts.get(userId) ?? 0,
    get size() {
      return open.size
    },
    join(connection, room) {
      if (!open.has(connection)) return
      const members = rooms.get(room)
      if (members) members.add(connection)
      else rooms.set(room, new Set([connection]))
      connection.internals.rooms.add(room)
    },
    leave,
    open(engine, actor) {
      const nowMs = performance.now()
      const connection: Connection = {
        actor,
        sessionId: actor.sessionId,
        chats: new Set(),
        heardAtMs: nowMs,
        isLost: false,
        internals: {
          engine,
          socket: undefined,
          rooms: new Set(),
          expiresAtMs: Number.POSITIVE_INFINITY,
          ready: undefined,
          hasEntered: false,
          tokens: Number.POSITIVE_INFINITY,
          tokensAtMs: nowMs,
          packets: 0,
          packetsSinceMs: nowMs,
          queuedBytes: 0,
          sentBytes: 0,
          doneBytes: 0,
          stuckSinceMs: nowMs,
        },
      }
      open.add(connection)
      byEngine.set(engine, connection)
      count(actor.userId, 1)
      return connection
    },
    close(connection) {
      if (!open.delete(connection)) return
      count(connection.actor.userId, -1)
      for (const room of connection.internals.rooms) leave(connection, room)
    },
  }
}
