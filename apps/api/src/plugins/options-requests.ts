import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Answers OPTIONS requests that are not preflights (CORS) with 405 or 404, like any method that a route does not serve.
 * Registered before the CORS plugin, which would answer them with a text of its own.
 */
export const optionsRequestsPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': wanted } = request.headers
    if (request.method === 'OPTIONS' && !(origin && wanted)) reply.callNotFound()
    else done()
  })
})
