import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** OPTIONS is for preflights (CORS); any other is a method that no address knows. Before CORS answers it as text. */
export const optionsPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': wanted } = request.headers
    if (request.method === 'OPTIONS' && !(origin && wanted)) reply.callNotFound()
    else done()
  })
})

/** 404 for an address that nothing serves, 405 with `Allow` (RFC 9110) for one that another method serves. */
export const notFoundPlugin = fp(async (app: FastifyInstance) => {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => void routes.push({ pattern: patternOf(url), methods: [method].flat() }))

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
})

/** `/tasks/:id` as an expression for the paths that it serves. */
function patternOf(url: string): RegExp {
  const parts = url.replace(/\/$/, '').split('/')
  return new RegExp(`^${parts.map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part))).join('/')}/?$`)
}
