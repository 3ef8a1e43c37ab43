import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** How long a connection may last after its last answer. */
const lingerMs = 5_000

/**
 * Ends a connection after what was written to it, while what still arrives is read for some seconds: closing on unread
 * bytes resets the connection, and a reset takes the answer away from a client that is still sending (RFC 9112, 9.6).
 */
export function endLingering(stream: Duplex): void {
  stream.end()
  stream.resume()
  const timer = setTimeout(() => stream.destroy(), lingerMs)
  stream.once('close', () => clearTimeout(timer))
}

/**
 * Goes on to an answer. When the request's body is not whole by then, the connection ends with the answer: else it would
 * be kept for as long as somebody lets the rest drip.
 */
export function closeUnlessWhole({ raw }: FastifyRequest, reply: FastifyReply, answer: () => void): void {
  if (raw.complete !== false || !announcesBody(raw)) return void answer()
  // A body that came along with its headers is whole in a moment: such a connection can be kept.
  setImmediate(() => {
    if (!raw.complete) {
      reply.header('connection', 'close')
      lingerAfterAnswer(raw)
    }
    answer()
  })
}

/** Whether the headers of a request announce a body. */
export const announcesBody = ({ headers }: IncomingMessage) =>
  (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined

/**
 * Makes Node end the connection of a request by {@link endLingering} once it is answered, where it would destroy it at
 * once. The answer must say `Connection: close`.
 */
function lingerAfterAnswer(request: IncomingMessage): void {
  const socket: Socket = request.socket
  const destroySoon = socket.destroySoon.bind(socket)
  // The one step that Node takes after the last answer of a connection.
  socket.destroySoon = () => {
    if (request.complete) return destroySoon()
    request.unpipe()
    request.resume()
    // Nothing that follows the body is read as another request.
    request.once('end', destroySoon)
    endLingering(socket)
  }
}
