import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers HTML, whose security headers helmet sets. */
    isPage?: boolean
  }
}

/** Fixed for every JSON answer: computing them anew each time is what makes helmet slow. */
export const jsonHeaders = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** What every page tells helmet: nobody frames it, where helmet by itself lets the same origin do so. */
export const pageDefaults = { frameguard: { action: 'deny' } } as const

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Security headers of every answer, and the refusal of unsafe requests that a foreign page sent. */
export const securityHeadersPlugin = fp(async (app: FastifyInstance, { config }: { config: Config }) => {
  app.addHook('onRequest', (request, reply, done) => {
    // What stands on the reply wins over what helmet writes to the raw answer.
    if (!request.routeOptions.config.isPage) reply.headers(jsonHeaders)
    reply.header('x-request-id', request.id)
    if (!safeMethods.has(request.method)) refuseForeign(request, config)
    done()
  })
  app.addHook('preHandler', (request, reply, done) => {
    // Answers to a person are theirs alone; routes that know better (files) set their own.
    if (request.routeOptions.config.access !== 'public') reply.header('cache-control', 'no-store')
    done()
  })
})

/** A browser tells where a request comes from; a client that says nothing is no browser and carries nobody's cookies unasked. */
function refuseForeign(request: FastifyRequest, { allowedOrigins }: Config): void {
  const { origin } = request.headers
  if (origin !== undefined) {
    if (!allowedOrigins.has(origin)) throw new DomainError('CROSS_ORIGIN')
    return
  }
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'same-site' && site !== 'none')
    throw new DomainError('CROSS_ORIGIN')
}
