import { type Cause, currentCause, withCause } from '@muster/cause'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { causeOf } from '../http/cause-of.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The cause of everything that the request does. */
    cause: Cause
  }
}

/** Runs the hooks and the handler of each request with the request as their cause. */
export const causesPlugin = fp(async (app: FastifyInstance) => {
  app.decorateRequest('cause')
  app.addHook('onRequest', (request, _reply, done) => {
    request.cause = causeOf(request.id, request.headers)
    withCause(request.cause, done)
  })
  // Once more after a body, because its end is an event of the connection, which serves many requests.
  app.addHook('preValidation', ({ cause }, _reply, done) =>
    currentCause() === cause ? done() : withCause(cause, done),
  )
})
