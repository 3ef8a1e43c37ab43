import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { DomainError } from '@muster/errors'
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { answerError, errorBody } from './errors.ts'
import { jsonHeaders } from './security-headers.ts'

/** Answers an address that can't be looked up, for Fastify's `frameworkErrors`. */
export function answerBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...jsonHeaders, 'x-request-id': request.id })
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
    ...jsonHeaders,
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`)
  socket.destroySoon()
}
