import { isUtf8 } from 'node:buffer'
import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Parses JSON like Fastify, with two differences. An empty body counts as none, because many clients send a JSON content type
 * with every request. And the body must be UTF-8 (RFC 8259, 8.1), or its text would be stored with replacement characters.
 */
export const jsonBodyPlugin = fp(async (app: FastifyInstance) => {
  // Fastify parses it by default, and no route accepts it.
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) done(null)
    else if (isUtf8(body as Buffer)) parse(request, body.toString(), done)
    else done(new DomainError('MALFORMED_JSON', { message: 'The body is not UTF-8, which JSON must be.' }))
  })
})
