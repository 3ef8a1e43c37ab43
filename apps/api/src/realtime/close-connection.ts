import type { Connection } from './connections.ts'

/** How long a client may take to take its leave. */
const graceMs = 500

type WebSocketTransport = { socket?: { terminate(): void } }

/** Ends the connection for good: Socket.IO's clients do not connect again by themselves. */
export function disconnect(connection: Connection): void {
  const { socket, engine } = connection.internals
  if (socket?.connected) socket.disconnect(true)
  else engine.close()
  closeAfterGrace(connection)
}

/** Closes the connection, and leaves it to the client to connect again, here or to another instance. */
export function closeForReconnect(connection: Connection): void {
  connection.isLost = true
  connection.internals.engine.close()
  closeAfterGrace(connection)
}

/** Closes the connection at once, and drops what waits to be sent. */
export function closeNow(connection: Connection): void {
  const { engine } = connection.internals
  connection.isLost = true
  const transport = engine.transport as unknown as WebSocketTransport
  engine.close(true)
  transport.socket?.terminate()
}

/** A client that reads nothing would otherwise keep the connection, with what was sent before, for up to 30 s. */
function closeAfterGrace(connection: Connection): void {
  const transport = connection.internals.engine.transport as unknown as WebSocketTransport
  const timer = setTimeout(() => {
    closeNow(connection)
    transport.socket?.terminate()
  }, graceMs)
  timer.unref()
}
