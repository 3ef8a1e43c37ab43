import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Removes a `Content-Length` that differs from the content of GET (RFC 9110, 8.6): responses without content (204, 304) have
 * none, and HEAD has none where GET would be compressed. Registered after the compression plugin, so that its hook runs
 * after that one's.
 */
export const contentLengthPlugin = fp(
  async (app: FastifyInstance, { isCompressed }: { isCompressed: (type: string, lengthBytes: number) => boolean }) => {
    const correct: onSendHookHandler<unknown> = (request, reply, payload, done) => {
      if (reply.statusCode === 304 || reply.statusCode === 204) {
        for (const name of ['content-length', 'content-type', 'content-encoding']) reply.removeHeader(name)
        return done(null, null)
      }
      if (request.method === 'HEAD' && isMaybeCompressed(request, reply)) reply.removeHeader('content-length')
      done(null, payload)
    }
    const isMaybeCompressed = ({ headers }: FastifyRequest, reply: FastifyReply) =>
      headers['accept-encoding'] !== undefined &&
      isCompressed(String(reply.getHeader('content-type')), Number(reply.getHeader('content-length')))

    app.addHook('onRoute', (route) => {
      route.onSend = [route.onSend ?? [], correct].flat()
    })
  },
)
