import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * A body must arrive within its time. Uploads, which may take longer, bound themselves; Node's own `requestTimeout` knows
 * one limit for all, answers without our envelope, and looks only each 30 s.
 */
export const bodyTimeoutPlugin = fp(async (app: FastifyInstance, { timeoutMs = 30_000 }: { timeoutMs?: number }) => {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const type = request.headers['content-type']
    if (type === undefined || type.startsWith('multipart/')) return done(null, payload)
    const message = `The body did not arrive within ${timeoutMs / 1_000} seconds.`
    const timer = setTimeout(() => {
      // A request that was refused unread is answered, and nobody listens to its body any more.
      if (!reply.sent) payload.emit('error', new DomainError('VALIDATION_FAILED', { message }))
    }, timeoutMs)
    payload.once('end', () => clearTimeout(timer))
    reply.raw.once('close', () => clearTimeout(timer))
    done(null, payload)
  })
})
