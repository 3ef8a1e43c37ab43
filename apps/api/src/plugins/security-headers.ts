import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { jsonHeaders } from '../http/security-headers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route serves HTML, whose security headers helmet sets. */
    isPage?: boolean
  }
}

/** Sets the security headers of every response. */
export const securityHeadersPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    // Headers of the reply would override those that helmet writes to the raw response.
    if (!request.routeOptions.config.isPage) reply.headers(jsonHeaders)
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('preHandler', (request, reply, done) => {
    // A response to a signed-in user must not be cached for others; routes that serve files set their own header.
    if (request.routeOptions.config.access !== 'public') reply.header('cache-control', 'no-store')
    done()
  })
})
