import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { sendContinue } from '../http/server/api-server.ts'
import { hasBody } from '../http/server/lingering-close.ts'

/**
 * Refuses bodies with a Content-Encoding, and sends 100 Continue to clients that wait for it. Registered after rate limits
 * and session, so that a request that these refuse is answered by them.
 */
export const bodyEncodingPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('preParsing', ({ raw }, reply, payload, done) => {
    const encoding = raw.headers['content-encoding']
    if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity' && hasBody(raw)) {
      reply.header('accept-encoding', 'identity')
      const message = 'Bodies are not accepted in a Content-Encoding. Send the body as it is.'
      return done(new DomainError('UNSUPPORTED_MEDIA_TYPE', { message }))
    }
    if (raw.headers.expect !== undefined) sendContinue(raw, reply.raw)
    done(null, payload)
  })
})
