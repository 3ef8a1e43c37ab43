import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { DomainError } from '@muster/errors'
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { answerError, errorBody } from './errors.ts'

/** What hooks write on every other answer; those here are given before there is a route with hooks. */
const headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Answers an address that can't be looked up, for Fastify's `frameworkErrors`. */
export function answerBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...headers, 'x-request-id': request.id })
  answerError(error, request, reply)
}

const byConnectionCode: Record<string, () => DomainError> = {
  HPE_HEADER_OVERFLOW: () => new DomainError('HEADERS_TOO_LARGE'),
  ERR_HTTP_REQUEST_TIMEOUT: () => new DomainError('REQUEST_TIMEOUT'),
}

/** Answers what is no HTTP, for Fastify's `clientErrorHandler`; the connection ends with it. */
export function answerBadHttp({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const requestId = randomUUID()
  const error =
    byConnectionCode[code]?.() ?? new DomainError('VALIDATION_FAILED', { message: 'This is no valid HTTP request.' })
  const body = errorBody(error, requestId)
  const lines = Object.entries({
    ...headers,
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`)
  socket.destroySoon()
}
