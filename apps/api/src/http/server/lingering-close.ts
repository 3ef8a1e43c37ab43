import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Upper bound for a connection after its last response. */
const lingerMs = 5_000

/**
 * Closes a connection after the bytes written to it, and discards incoming bytes for some seconds. Closing while unread
 * bytes wait resets the connection, and a reset discards the response at a client that is still sending (RFC 9112, 9.6).
 */
export function closeLingering(stream: Duplex): void {
  stream.end()
  stream.resume()
  const timer = setTimeout(() => stream.destroy(), lingerMs)
  stream.once('close', () => clearTimeout(timer))
}

/**
 * Calls `respond`. When the request's body is incomplete by then, the connection closes after the response: a client that
 * sends the rest byte by byte would otherwise keep it open.
 */
export function closeUnlessComplete({ raw }: FastifyRequest, reply: FastifyReply, respond: () => void): void {
  if (raw.complete !== false || !hasBody(raw)) return void respond()
  // A body sent together with its headers is complete in the next turn of the event loop; that connection can stay open.
  setImmediate(() => {
    if (!raw.complete) {
      reply.header('connection', 'close')
      lingerAfterResponse(raw)
    }
    respond()
  })
}

/** Returns whether the headers of a request announce a body. */
export const hasBody = ({ headers }: IncomingMessage) =>
  (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined

/**
 * Makes Node close the request's connection by {@link closeLingering} after the response, where it would destroy it. The
 * response must have `Connection: close`.
 */
function lingerAfterResponse(request: IncomingMessage): void {
  const socket: Socket = request.socket
  const destroySoon = socket.destroySoon.bind(socket)
  // Node calls this after the last response of a connection, and nothing else.
  socket.destroySoon = () => {
    if (request.complete) return destroySoon()
    request.unpipe()
    request.resume()
    // Bytes after the body must not be read as another request.
    request.once('end', destroySoon)
    closeLingering(socket)
  }
}
