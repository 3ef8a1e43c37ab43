import { DomainError } from '@muster/errors'
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { answerError } from '../errors/error-answer.ts'
import { jsonHeaders } from '../security-headers.ts'
import type { ServedSocket } from './api-server.ts'
import { closeUnlessComplete } from './lingering-close.ts'
import { writeRawError } from './raw-error.ts'

/** Answers a request whose URL the router cannot decode. For Fastify's `frameworkErrors`, which runs no hooks. */
export function answerMalformedUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  closeUnlessComplete(request, reply, () => {
    reply.headers({ ...jsonHeaders, 'x-request-id': request.id })
    answerError(error, request, reply)
  })
}

const byParserCode: Record<string, () => DomainError> = {
  HPE_HEADER_OVERFLOW: () => new DomainError('HEADERS_TOO_LARGE'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new DomainError('BODY_TOO_LARGE'),
  ERR_HTTP_REQUEST_TIMEOUT: () => new DomainError('REQUEST_TIMEOUT'),
}

/** Answers bytes that are not valid HTTP, and closes the connection. For Fastify's `clientErrorHandler`. */
export function answerMalformedHttp(error: ConnectionError, socket: ServedSocket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return void socket.destroy()
  // The last response was sent; what arrives after it is discarded.
  if (socket.writableEnded) return
  const response = socket._httpMessage
  // The client sends its body too slowly and reads no response: nothing is left to wait for.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && response?.headersSent) return void socket.destroy()
  if (response && (response.headersSent || response.req.complete)) {
    // The malformed bytes follow a request in progress, and responses keep the order of their requests.
    return void response.once('finish', () => answerMalformedHttp(error, socket))
  }
  const message = 'This is not a valid HTTP request.'
  writeRawError(byParserCode[error.code]?.() ?? new DomainError('VALIDATION_FAILED', { message }), socket)
}
