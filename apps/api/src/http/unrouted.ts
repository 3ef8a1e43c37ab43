import { DomainError } from '@muster/errors'
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { answerError } from './error-answer.ts'
import { closeUnlessWhole } from './linger.ts'
import { answerRaw } from './raw-answer.ts'
import { jsonHeaders } from './security-headers.ts'
import type { ServedSocket } from './server.ts'

/** Answers an address that can't be looked up, for Fastify's `frameworkErrors`. */
export function answerBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  closeUnlessWhole(request, reply, () => {
    reply.headers({ ...jsonHeaders, 'x-request-id': request.id })
    answerError(error, request, reply)
  })
}

const byConnectionCode: Record<string, () => DomainError> = {
  HPE_HEADER_OVERFLOW: () => new DomainError('HEADERS_TOO_LARGE'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new DomainError('BODY_TOO_LARGE'),
  ERR_HTTP_REQUEST_TIMEOUT: () => new DomainError('REQUEST_TIMEOUT'),
}

/** Answers what is no HTTP, for Fastify's `clientErrorHandler`; the connection ends with it. */
export function answerBadHttp(thrown: ConnectionError, socket: ServedSocket): void {
  if (thrown.code === 'ECONNRESET' || socket.destroyed) return void socket.destroy()
  // Whatever still comes after the last answer is read for nothing.
  if (socket.writableEnded) return
  const answering = socket._httpMessage
  // Whoever reads no answer while a body drips would keep the connection: nothing is left to wait for.
  if (thrown.code === 'ERR_HTTP_REQUEST_TIMEOUT' && answering?.headersSent) return void socket.destroy()
  if (answering && (answering.headersSent || answering.req.complete)) {
    // What is broken stands behind a request that is being answered: answers come in the order of their requests.
    return void answering.once('finish', () => answerBadHttp(thrown, socket))
  }
  const message = 'This is no valid HTTP request.'
  answerRaw(byConnectionCode[thrown.code]?.() ?? new DomainError('VALIDATION_FAILED', { message }), socket)
}
