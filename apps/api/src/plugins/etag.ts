import type { FastifyRequest } from 'fastify'

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
