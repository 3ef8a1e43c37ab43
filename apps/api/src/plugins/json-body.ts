import { isUtf8 } from 'node:buffer'
import { DomainError, invalid } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const maxPathLength = 300

/**
 * Parses JSON like Fastify, with three differences. An empty body counts as none, because many clients send a JSON content type
 * with every request. The body must be UTF-8 (RFC 8259, 8.1), or its text would be stored with replacement characters. And
 * a key that could change the prototype of an object is named like any other unknown key.
 */
export const jsonBodyPlugin = fp(async (app: FastifyInstance) => {
  // Fastify parses it by default, and no route accepts it.
  app.removeContentTypeParser('text/plain')
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null)
    if (!isUtf8(body as Buffer))
      return done(new DomainError('MALFORMED_JSON', { message: 'The body is not UTF-8, which JSON must be.' }))
    const text = body.toString()
    parse(request, text, (error, value) => (error ? done(refusalOf(text, error)) : done(null, value)))
  })
})

/** Returns the error for a body that the parser refused: it is not JSON, or has a key that is never accepted. */
function refusalOf(text: string, error: Error): Error {
  try {
    const path = pathOfPrototypeKey(JSON.parse(text), 'body')
    return path ? invalid(path.slice(0, maxPathLength), 'UNKNOWN_KEY') : error
  } catch (failure) {
    if (failure instanceof SyntaxError || failure instanceof RangeError) return error
    throw failure
  }
}

/** Finds the first key that could change a prototype, with its place. */
function pathOfPrototypeKey(value: unknown, place: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const path = `${place}.${key}`
    if (key === '__proto__' || (key === 'constructor' && Object.hasOwn(Object(inner), 'prototype'))) return path
    const found = pathOfPrototypeKey(inner, path)
    if (found) return found
  }
  return undefined
}
