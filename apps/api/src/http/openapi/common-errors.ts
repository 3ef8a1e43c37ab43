import { catalogue, type ErrorCode } from '@muster/errors'
import type { z } from 'zod'
import { codesOf } from './errors.ts'
import type { ContentResponse, Route } from './route.ts'

const always: ErrorCode[] = ['VALIDATION_FAILED', 'RATE_LIMITED', 'INTERNAL', 'OVERLOADED', 'DEPENDENCY_UNAVAILABLE']
/** The body of an unsafe request is parsed even when the route ignores it. */
const ofUnsafe: ErrorCode[] = ['MALFORMED_JSON', 'CROSS_ORIGIN', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']
const ofSession: ErrorCode[] = ['UNAUTHENTICATED', 'SESSION_REVOKED']
const ofUpload: ErrorCode[] = ['FILE_TOO_LARGE', 'TOO_MANY_FILES']

/** Errors of HTTP itself, which any request can meet: the response `default` of every operation, for the statuses that it does not list. */
export const httpErrors: readonly ErrorCode[] = [
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'UNSUPPORTED_MEDIA_TYPE',
  'EXPECTATION_FAILED',
  'HEADERS_TOO_LARGE',
  'NOT_IMPLEMENTED',
  'HTTP_VERSION_NOT_SUPPORTED',
  // Of any method in development, see plugins/origins.ts.
  'CROSS_ORIGIN',
]

/** Returns the codes of a response, also of one that is JSON or a page. */
const declaredCodes = (response: z.ZodType | ContentResponse) =>
  codesOf('content' in response ? (response.content['application/json']?.schema ?? response) : response)

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Returns the errors that a route can answer with, by status: those that it declares, and those of its kind. */
export function errorsOf(route: Route): Map<number, ErrorCode[]> {
  const declared = Object.values(route.schema.response ?? {}).flatMap((schema) => declaredCodes(schema) ?? [])
  const own = [...declared, ...commonErrors(route)]
  // A status that stands in the document hides `default`, so it has the codes of HTTP too.
  const statuses = new Set<number>(own.map((code) => catalogue[code].status))
  const shared = httpErrors.filter((code) => statuses.has(catalogue[code].status))
  return Map.groupBy(new Set([...own, ...shared]), (code): number => catalogue[code].status)
}

function commonErrors({ method, schema, config }: Route): ErrorCode[] {
  const isSignedIn = config?.access !== undefined && config.access !== 'public'
  return [
    ...always,
    ...(safeMethods.has(method) ? [] : ofUnsafe),
    ...(isSignedIn ? ofSession : []),
    ...(isSignedIn && !config.isOpenWithoutFactor ? (['TWO_FACTOR_REQUIRED'] as const) : []),
    ...(Array.isArray(config?.access) ? (['FORBIDDEN'] as const) : []),
    ...(schema.consumes?.includes('multipart/form-data') ? ofUpload : []),
  ]
}
