import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Refuses a body that does not arrive within the timeout. Uploads may take longer and have timeouts of their own. Node's
 * `requestTimeout` has one limit for all routes, answers without the API's envelope, and is checked every 30 s.
 */
export const bodyTimeoutPlugin = fp(async (app: FastifyInstance, { timeoutMs = 30_000 }: { timeoutMs?: number }) => {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const type = request.headers['content-type']
    if (type === undefined || type.startsWith('multipart/')) return done(null, payload)
    const message = `The body did not arrive within ${timeoutMs / 1_000} seconds.`
    const timer = setTimeout(() => {
      // A request that was refused before its body was read is answered already, and nothing listens to its body.
      if (!reply.sent) payload.emit('error', new DomainError('VALIDATION_FAILED', { message }))
    }, timeoutMs)
    payload.once('end', () => clearTimeout(timer))
    reply.raw.once('close', () => clearTimeout(timer))
    done(null, payload)
  })
})
