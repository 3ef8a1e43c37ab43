import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** On a GET: it writes or sets cookies, so HEAD, which has no effects (RFC 9110, 9.2.1), is answered 405. */
    hasEffects?: true
  }
}

/** OPTIONS is for preflights (CORS); any other is a method that no address knows. Before CORS answers it as text. */
export const optionsPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': wanted } = request.headers
    if (request.method === 'OPTIONS' && !(origin && wanted)) reply.callNotFound()
    else done()
  })
})

/**
 * 404 for an address that nothing serves, 405 with `Allow` (RFC 9110) for one that another method serves. Fastify makes
 * a HEAD of each GET and runs its handler; where that has effects, HEAD is a method that the address does not serve.
 */
export const notFoundPlugin = fp(async (app: FastifyInstance) => {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method, config }) => {
    const methods = [method].flat().filter((one) => one !== 'HEAD' || !config?.hasEffects)
    routes.push({ pattern: patternOf(url), methods })
  })

  const refuse = (request: FastifyRequest, reply: FastifyReply): never => {
    const [path = '/'] = request.url.split('?')
    const served = routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods)
    if (served.length === 0) throw new DomainError('NOT_FOUND')
    reply.header('allow', [...new Set(served)].join(', '))
    throw new DomainError('METHOD_NOT_ALLOWED')
  }

  const limit = app.rateLimit()
  app.setNotFoundHandler({ preHandler: limit }, refuse)
  // At once: whatever is wrong with its body, it is the address or the method that the caller must hear of.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    limit
      .call(app, request, reply)
      .then(() => refuse(request, reply))
      .catch(done)
  })
  // After the limits, and after it was found out who asks.
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.method === 'HEAD' && request.routeOptions.config.hasEffects) refuse(request, reply)
    done(null, payload)
  })
})

/** `/tasks/:id` as an expression for the paths that it serves. */
function patternOf(url: string): RegExp {
  const parts = url.replace(/\/$/, '').split('/')
  return new RegExp(`^${parts.map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part))).join('/')}/?$`)
}
