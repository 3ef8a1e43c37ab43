import { isDatabaseUnavailable } from '@muster/db'
import { DomainError, type ErrorDetail } from '@muster/errors'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'

const databaseRetrySeconds = 2

/** What Fastify itself refuses, by its error codes. */
const byFastifyCode: Record<string, () => DomainError> = {
  FST_ERR_CTP_INVALID_JSON_BODY: () => new DomainError('MALFORMED_JSON'),
  FST_ERR_CTP_EMPTY_JSON_BODY: () =>
    new DomainError('MALFORMED_JSON', { message: 'The body is empty where JSON was announced.' }),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new DomainError('BODY_TOO_LARGE'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new DomainError('UNSUPPORTED_MEDIA_TYPE'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new DomainError('MALFORMED_JSON', { message: 'The body is not as long as Content-Length says.' }),
  FST_REQ_FILE_TOO_LARGE: () => new DomainError('FILE_TOO_LARGE'),
  FST_FILES_LIMIT: () => new DomainError('TOO_MANY_FILES'),
  FST_INVALID_MULTIPART_CONTENT_TYPE: () =>
    new DomainError('UNSUPPORTED_MEDIA_TYPE', { message: 'Send multipart/form-data.' }),
}

/** One shape for every error, and nothing in it that the caller should not know. */
export const errorsPlugin = fp(async (app: FastifyInstance) => {
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(request, reply, toDomainError(error)))
})

/** 404 for an address that nothing serves, 405 with `Allow` (RFC 9110) for one that another method serves. */
export const notFoundPlugin = fp(async (app: FastifyInstance) => {
  const methodsByPath = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const entry = methodsByPath.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() }
    for (const name of [method].flat()) entry.methods.add(name)
    methodsByPath.set(url, entry)
  })

  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const [path = '/'] = request.url.split('?')
    const allowed = [...methodsByPath.values()].find(({ pattern }) => pattern.test(path))?.methods
    if (!allowed) return sendError(request, reply, new DomainError('NOT_FOUND'))
    reply.header('allow', [...allowed].join(', '))
    return sendError(request, reply, new DomainError('METHOD_NOT_ALLOWED'))
  })
})

/** `/tasks/:id` as an expression for the paths that it serves. */
const patternOf = (url: string) => new RegExp(`^${url.replace(/:[^/]+/g, '[^/]+')}/?$`)

/** An error of ours as it is, one of the request or of Postgres by its kind, and anything else as INTERNAL. */
export function toDomainError(error: FastifyError): DomainError {
  if (error instanceof DomainError) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    return new DomainError('VALIDATION_FAILED', {
      details: error.validation.map((issue) => detail(error.validationContext, issue)),
      cause: error,
    })
  }
  if (isDatabaseUnavailable(error)) {
    return new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: databaseRetrySeconds, cause: error })
  }
  const known = byFastifyCode[error.code]
  if (known) return known()
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500) {
    return new DomainError('VALIDATION_FAILED', { message: 'The request could not be read.', cause: error })
  }
  return new DomainError('INTERNAL', { cause: error })
}

function detail(
  context: string | undefined,
  issue: { instancePath: string; message?: string | undefined },
): ErrorDetail {
  const path = issue.instancePath.split('/').filter(Boolean).join('.')
  return {
    path: [context === 'querystring' ? 'query' : context, path].filter(Boolean).join('.'),
    message: issue.message ?? 'is not valid',
  }
}

function sendError(request: FastifyRequest, reply: FastifyReply, error: DomainError) {
  if (error.status >= 500) request.log.error({ err: error.cause ?? error, code: error.code }, 'request failed')
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  return reply
    .status(error.status)
    .type('application/json; charset=utf-8')
    .send(
      JSON.stringify({
        success: false,
        message: error.message,
        error: { code: error.code, requestId: request.id, ...(error.details && { details: error.details }) },
      }),
    )
}
