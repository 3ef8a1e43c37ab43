import type { FastifyRequest } from 'fastify'
import { z } from 'zod'

/** A header that a route reads by itself. */
const header = (description: string) => z.string().optional().meta({ description })

// Loose, because the schema's output replaces the request's headers.
export const ifMatchHeaders = z.looseObject({ 'if-match': header('The ETag of what is meant to be changed') })
export const ifNoneMatchHeaders = z.looseObject({ 'if-none-match': header('The ETag of what the caller has') })
export const rangeHeaders = ifNoneMatchHeaders.extend({
  range: header('One range of bytes'),
  'if-range': header('The ETag of what the range is to go on with'),
})

/** The entity tag (RFC 9110) of a row's version. */
export const etagOf = (version: number) => `"v${version}"`

/**
 * Whether a version satisfies the request's `If-Match`; without the header every version does. `W/` is ignored: proxies
 * that compress weaken tags.
 */
export function ifMatch(request: FastifyRequest): (version: number) => boolean {
  const wanted = tagsOf(request.headers['if-match'])
  return (version) => wanted === undefined || wanted.includes('*') || wanted.includes(etagOf(version))
}

/** Whether the caller has this state already. */
export function isNotModified(request: FastifyRequest, etag: string): boolean {
  const known = tagsOf(request.headers['if-none-match'])
  return known !== undefined && (known.includes('*') || known.includes(etag))
}

function tagsOf(header: string | undefined): string[] | undefined {
  return header?.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
}
