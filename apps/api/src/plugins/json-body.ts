import { isUtf8 } from 'node:buffer'
import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * JSON as Fastify reads it, but for two things. An empty body is none: many clients announce JSON on every request, also
 * where there is none. And it must be UTF-8 (RFC 8259, 8.1), else what was meant would be stored as replacement characters.
 */
export const jsonBodyPlugin = fp(async (app: FastifyInstance) => {
  // Fastify reads it by itself, and no route takes it: what is not JSON is told so.
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) done(null)
    else if (isUtf8(body as Buffer)) parse(request, body.toString(), done)
    else done(new DomainError('MALFORMED_JSON', { message: 'The body is not UTF-8, which JSON must be.' }))
  })
})
