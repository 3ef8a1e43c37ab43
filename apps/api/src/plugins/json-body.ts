import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** JSON as Fastify reads it, but for an empty body: many clients announce JSON on every request, also where there is none. */
export const jsonBodyPlugin = fp(async (app: FastifyInstance) => {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null)
    else parse(request, body as string, done)
  })
})
