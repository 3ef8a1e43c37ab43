import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For a GET that writes or sets cookies: HEAD must have no effects (RFC 9110, 9.2.1), so it is answered 405. */
    hasEffects?: true
  }
}

/**
 * Answers 404 for a path without a route, and 405 with `Allow` (RFC 9110) for a path that has a route of another method.
 * Fastify adds a HEAD to each GET and runs its handler; when that has effects, HEAD counts as a method without a route.
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
  // Before the body is parsed: an unknown path or method is reported first, for any body.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    limit
      .call(app, request, reply)
      .then(() => refuse(request, reply))
      .catch(done)
  })
  // After rate limits and session.
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (request.method === 'HEAD' && request.routeOptions.config.hasEffects) refuse(request, reply)
    done(null, payload)
  })
})

/** Returns the expression for the paths of a route, such as `/tasks/:id`. */
function patternOf(url: string): RegExp {
  const parts = url.replace(/\/$/, '').split('/')
  return new RegExp(`^${parts.map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part))).join('/')}/?$`)
}
