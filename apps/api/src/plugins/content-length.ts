import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Says the length of a content that is not sent only where it is that of the content which GET sends (RFC 9110, 8.6): an
 * answer without content (204, 304) has none, and HEAD none where GET would compress. To be registered behind what
 * compresses, whose hooks it follows.
 */
export const contentLengthPlugin = fp(
  async (app: FastifyInstance, { isCompressed }: { isCompressed: (type: string, lengthBytes: number) => boolean }) => {
    const correct: onSendHookHandler<unknown> = (request, reply, payload, done) => {
      if (reply.statusCode === 304 || reply.statusCode === 204) {
        for (const name of ['content-length', 'content-type', 'content-encoding']) reply.removeHeader(name)
        return done(null, null)
      }
      if (request.method === 'HEAD' && maybeCompressed(request, reply)) reply.removeHeader('content-length')
      done(null, payload)
    }
    const maybeCompressed = ({ headers }: FastifyRequest, reply: FastifyReply) =>
      headers['accept-encoding'] !== undefined &&
      isCompressed(String(reply.getHeader('content-type')), Number(reply.getHeader('content-length')))

    app.addHook('onRoute', (route) => {
      route.onSend = [route.onSend ?? [], correct].flat()
    })
  },
)
