import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { newRequestId } from '@muster/cause'
import type { DomainError } from '@muster/errors'
import { errorBody } from '../errors/error-answer.ts'
import { jsonHeaders } from '../security-headers.ts'
import { closeLingering } from './lingering-close.ts'

/**
 * Writes an error to a connection whose bytes never became a request of Fastify, with the body and headers of every other
 * error, and closes the connection.
 */
export function writeRawError(error: DomainError, stream: Duplex): void {
  const requestId = newRequestId()
  const body = errorBody(error, requestId)
  const lines = Object.entries({
    ...jsonHeaders,
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    date: new Date().toUTCString(),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  stream.write(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`)
  closeLingering(stream)
}
