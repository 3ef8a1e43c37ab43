import { isDatabaseUnavailable } from '@muster/db'
import { reportError } from '@muster/error-reports'
import { DomainError, detailOf } from '@muster/errors'
import { findMachineFault } from '@muster/telemetry'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { domainErrorOf } from './domain-error-of.ts'
import { InvalidRequestError } from './validator.ts'

const databaseRetrySeconds = 2
const machineRetrySeconds = 10
/** Bounds the response to a body with thousands of faults. */
const maxDetails = 50

/** Errors of Fastify itself, by their codes. */
const byFastifyCode: Record<string, () => DomainError> = {
  FST_ERR_BAD_URL: () =>
    new DomainError('VALIDATION_FAILED', {
      message: 'The address is not percent-encoded UTF-8.',
      details: [
        detailOf('params', 'INVALID_FORMAT', { example: '%25' }, 'is not percent-encoded UTF-8; write % itself as %25'),
      ],
    }),
  FST_ERR_MAX_PARAM_LENGTH: () =>
    new DomainError('VALIDATION_FAILED', {
      message: 'A part of the address is too long.',
    }),
  FST_ERR_CTP_INVALID_JSON_BODY: () => new DomainError('MALFORMED_JSON'),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new DomainError('BODY_TOO_LARGE'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new DomainError('UNSUPPORTED_MEDIA_TYPE'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new DomainError('MALFORMED_JSON', { message: 'The body is not as long as Content-Length says.' }),
  FST_REQ_FILE_TOO_LARGE: () => new DomainError('FILE_TOO_LARGE'),
  FST_FILES_LIMIT: () => new DomainError('TOO_MANY_FILES'),
  FST_INVALID_MULTIPART_CONTENT_TYPE: () =>
    new DomainError('UNSUPPORTED_MEDIA_TYPE', { message: 'Send multipart/form-data.' }),
}

/** Sends an error in the envelope of all errors, without internal details. */
export function answerError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toDomainError(thrown, request)
  logFault(request, error, thrown)
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  return reply.status(error.status).type('application/json; charset=utf-8').send(errorBody(error, request.id))
}

/** Returns the body of an error as JSON. */
export const errorBody = (error: DomainError, requestId: string): string =>
  JSON.stringify(errorEnvelope(error, requestId))

/** Returns the envelope of all errors. */
export function errorEnvelope({ message, code, details }: DomainError, requestId: string) {
  const error = { code, requestId, ...(details && { details: details.slice(0, maxDetails) }) }
  return { success: false as const, message, error }
}

/** Logs one line for each failed request, with the stack only for an unexpected error: while a dependency is unavailable, all requests fail the same way. */
function logFault(request: FastifyRequest, error: DomainError, thrown: unknown): void {
  if (isAborted(request))
    request.log.debug({ component: 'http', reason: reasonOf(thrown) }, 'request aborted by the client')
  else if (error.code === 'INTERNAL') {
    request.log.error({ component: 'http', err: error.cause ?? error }, 'request failed')
    reportFault(request, error.cause ?? error)
  } else if (error.status >= 500)
    request.log.warn({ component: 'http', errorCode: error.code, reason: reasonOf(error.cause) }, 'request refused')
}

/** Reports a 500 with the pattern of its route. Nothing of the request leaves, also where the error quotes it. */
function reportFault({ id, method, routeOptions, body, query, params, headers }: FastifyRequest, error: unknown): void {
  const tags = { method, route: routeOptions.url }
  reportError(error, { tags, requestId: id, given: [body, query, params, headers] })
}

const reasonOf = (cause: unknown) =>
  cause instanceof Error ? ((cause as FastifyError).code ?? cause.message) : undefined

/** Maps the error of a request to the catalogue. */
const toDomainError = (error: FastifyError, request: FastifyRequest) =>
  catalogued(error, { isAborted: isAborted(request) })

/** Maps any error to the catalogue; an unknown one becomes INTERNAL. */
export function catalogued(error: Error & { code?: string; statusCode?: number }, { isAborted = false } = {}) {
  const known = domainErrorOf(error)
  if (known) return known
  if (error instanceof InvalidRequestError)
    return new DomainError('VALIDATION_FAILED', { details: error.details, cause: error })
  if (isAborted)
    return new DomainError('VALIDATION_FAILED', {
      message: 'The connection closed before the request was complete.',
      cause: error,
    })
  if (isDatabaseUnavailable(error)) {
    return new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: databaseRetrySeconds, cause: error })
  }
  // A full disk or no free file handles: the operator must act, and a later request can succeed.
  if (findMachineFault(error)) {
    return new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: machineRetrySeconds, cause: error })
  }
  const refusal = byFastifyCode[error.code ?? '']
  if (refusal) return refusal()
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500) {
    return new DomainError('VALIDATION_FAILED', { message: 'The request could not be read.', cause: error })
  }
  return new DomainError('INTERNAL', { cause: error })
}

/** Returns whether the client disconnected before its body was complete, which causes errors with the codes of a lost connection. */
const isAborted = ({ raw }: FastifyRequest) => raw.destroyed && raw.complete === false
