import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { rule } from './errors/details-of-issues.ts'

/** Documents a header that a handler reads from the request. */
const header = (description: string, example: string) =>
  z
    .string()
    .optional()
    .meta({ description, examples: [example] })

/** Entity tags of RFC 9110, 8.8.3: in quotes, in which commas belong to the tag. Elements of a list may be empty. */
const tagList = /^[\s,]*(?:W\/)?"[\x21\x23-\x7E\x80-\xFF]*"(?:\s*,(?:\s*(?:W\/)?"[\x21\x23-\x7E\x80-\xFF]*")?)*\s*$/
const isTagList = (header: string) => header.trim() === '*' || tagList.test(header)

export const ifMatchHeaders = z.object({
  // Without quotes it would match no version, as if another one had been saved in the meantime.
  'if-match': z
    .string()
    .refine(isTagList, rule('INVALID_ENTITY_TAG', { example: '"v3"' }))
    .optional()
    .meta({ description: 'The `ETag` of the version to change; without it any version is changed.', examples: ['*'] }),
})
export const ifNoneMatchHeaders = z.object({
  'if-none-match': header('The `ETag` of the version that the caller has: 304 when it is current.', '"v0"'),
})
export const rangeHeaders = ifNoneMatchHeaders.extend({
  range: header('One range of bytes: 206 instead of 200.', 'bytes=0-'),
  'if-range': header('The `ETag` of the version that the range continues; another version is sent whole.', '"v0"'),
})

/** Returns the entity tag (RFC 9110) of a row's version. */
export const etagOf = (version: number) => `"v${version}"`

const digestLength = 16

/**
 * Returns the entity tag of an answer that carries more than the row that has the version: `"v3-…"`, with a digest of the
 * whole answer. {@link ifMatch} takes it for version 3.
 */
export function representationEtagOf(version: number, representation: unknown): string {
  const digest = hash('sha256', JSON.stringify(representation), 'base64url')
  return `"v${version}-${digest.slice(0, digestLength)}"`
}

/**
 * Returns a predicate that tells whether a version satisfies the request's `If-Match`; without the header every version
 * does. `W/` is ignored, because proxies that compress weaken the tag, and so is the digest of a representation.
 */
export function ifMatch(request: FastifyRequest): (version: number) => boolean {
  const wanted = tagsOf(request.headers['if-match'])?.map((tag) => tag.replace(/^"(v\d+)-[\w-]+"$/, '"$1"'))
  return (version) => wanted === undefined || wanted.includes('*') || wanted.includes(etagOf(version))
}

/** Returns whether `If-None-Match` names this version: the caller has it already. */
export function isNotModified(request: FastifyRequest, etag: string): boolean {
  const known = tagsOf(request.headers['if-none-match'])
  return known !== undefined && (known.includes('*') || known.includes(etag))
}

/** Returns the tags of a header without their `W/`; what is neither `*` nor in quotes is no tag. */
function tagsOf(header: string | undefined): string[] | undefined {
  if (header?.trim() === '*') return ['*']
  return header?.match(/"[^"]*"/g) ?? (header === undefined ? undefined : [])
}
