import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { jsonHeaders } from '../http/security-headers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route serves HTML, whose security headers helmet sets. */
    isPage?: boolean
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Sets the security headers of every response, and refuses unsafe requests from foreign pages. */
export const securityHeadersPlugin = fp(
  async (app: FastifyInstance, { config }: { config: Pick<Config, 'allowedOrigins'> }) => {
    app.addHook('onRequest', (request, reply, done) => {
      // Headers of the reply would override those that helmet writes to the raw response.
      if (!request.routeOptions.config.isPage) reply.headers(jsonHeaders)
      reply.header('x-request-id', request.id)
      if (!safeMethods.has(request.method)) refuseForeign(request, config)
      done()
    })
    app.addHook('preHandler', (request, reply, done) => {
      // A response to a signed-in user must not be cached for others; routes that serve files set their own header.
      if (request.routeOptions.config.access !== 'public') reply.header('cache-control', 'no-store')
      done()
    })
  },
)

/**
 * Refuses a request whose `Origin` or `Sec-Fetch-Site` names a foreign site. Browsers send one of these headers; a client
 * that sends neither is not a browser and attaches no cookies automatically.
 * @throws DomainError CROSS_ORIGIN
 */
function refuseForeign(request: FastifyRequest, { allowedOrigins }: Pick<Config, 'allowedOrigins'>): void {
  const { origin } = request.headers
  if (origin !== undefined) {
    if (!allowedOrigins.has(origin)) throw new DomainError('CROSS_ORIGIN')
    return
  }
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'same-site' && site !== 'none')
    throw new DomainError('CROSS_ORIGIN')
}
