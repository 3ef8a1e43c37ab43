import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const slowMs = 1_000

/** One line for each slow request, with the route's pattern and not the address, which may hold a token. */
export const requestLogPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onResponse', async (request, reply) => {
    if (reply.elapsedTime < slowMs) return
    request.log.warn(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
      },
      'slow request',
    )
  })
})
