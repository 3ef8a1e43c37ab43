import type { Logger } from '@muster/logger'
import type { Server as EngineServer, Socket as EngineSocket } from 'engine.io'
import { closeNow } from './close-connection.ts'
import type { Connection, Connections } from './connections.ts'
import { queuedBytes, slowClosed } from './metrics.ts'

const kib = 1_024
/** Above this, events that a later one replaces are dropped. */
const dropAboveBytes = 512 * kib
/** Above this, the connection is closed. */
const closeAboveBytes = 1_024 * kib
/** Upper bound of bytes that wait for all clients together; above it each has only what {@link dropAboveBytes} allows. */
const crowdedAboveBytes = 128 * 1_024 * kib
const stuckAfterMs = 10_000
const sweepIntervalMs = 1_000

type Packet = { data?: string | Buffer; options?: { wsPreEncodedFrame?: readonly Buffer[] } }
type WebSocketTransport = { socket?: { bufferedAmount: number } }

export type SlowReaders = {
  /** Begins to watch a new connection. */
  watch(connection: Connection): void
  /** Tells whether the client reads fast enough for an event that may be dropped. */
  canTake(connection: Connection): boolean
  close(): void
}

/** Returns the bytes that wait for the client to read them: in Engine.IO's queue, and in that of the WebSocket. */
function pendingBytes({ internals: { engine, queuedBytes } }: Connection): number {
  return queuedBytes + ((engine.transport as unknown as WebSocketTransport).socket?.bufferedAmount ?? 0)
}

/**
 * Watches how much waits for each client to read it, and closes the connection of a client that is too slow: it reconnects, and
 * then asks for what it missed.
 */
export function watchSlowReaders(
  engine: EngineServer,
  connections: Pick<Connections, 'of' | 'all'>,
  log: Logger,
): SlowReaders {
  let isCrowded = false
  const closeSlow = (connection: Connection) => {
    slowClosed.inc()
    log.info(
      { component: 'realtime', userId: connection.actor.userId, bytes: pendingBytes(connection) },
      'connection of a slow reader closed',
    )
    closeNow(connection)
  }

  /** For all connections, so that none needs a closure: Engine.IO calls it with its socket as `this`. */
  const noteQueued = function (this: EngineSocket, packet: Packet) {
    const connection = connections.of(this)
    if (!connection) return
    const bytes = sizeOf(packet)
    connection.internals.queuedBytes += bytes
    connection.internals.sentBytes += bytes
    if (pendingBytes(connection) > (isCrowded ? dropAboveBytes : closeAboveBytes))
      setImmediate(() => {
        if (this.readyState !== 'closed') closeSlow(connection)
      })
  }
  engine.on('flush', (socket: EngineSocket) => {
    const connection = connections.of(socket)
    if (connection) connection.internals.queuedBytes = 0
  })

  let lastTotal = 0
  const sweep = () => {
    const nowMs = performance.now()
    let total = 0
    for (const connection of connections.all()) {
      const pending = pendingBytes(connection)
      total += pending
      if (isStuck(connection, pending, nowMs)) closeSlow(connection)
    }
    isCrowded = total > crowdedAboveBytes
    queuedBytes.inc(total - lastTotal)
    lastTotal = total
  }
  const timer = setInterval(sweep, sweepIntervalMs)

  return {
    canTake: (connection) => pendingBytes(connection) <= (isCrowded ? 0 : dropAboveBytes),
    watch: ({ internals: { engine: socket } }) => void socket.on('packetCreate', noteQueued),
    close() {
      clearInterval(timer)
      queuedBytes.dec(lastTotal)
    },
  }
}

const sizeOf = ({ data = '', options }: Packet) => {
  const frame = options?.wsPreEncodedFrame?.[0]
  return frame ? frame.length : Buffer.byteLength(data)
}

/** Notes how far the client has read, and tells whether it has read nothing for too long although something waits. */
function isStuck({ internals }: Connection, pending: number, nowMs: number): boolean {
  const doneBytes = internals.sentBytes - pending
  if (pending === 0 || doneBytes > internals.doneBytes) {
    internals.doneBytes = doneBytes
    internals.stuckSinceMs = nowMs
    return false
  }
  return nowMs - internals.stuckSinceMs >= stuckAfterMs
}
