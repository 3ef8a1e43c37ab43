import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { DomainError } from '@muster/errors'
import { answerRaw } from './raw-answer.ts'

/** The longest upload and a little more; every other body has 30 s, see body-timeout. */
const requestTimeoutMs = 310_000
/** Below the request's, or Node lets slow headers outlast it. */
const headersTimeoutMs = 25_000
/** Above the 60 s that proxies keep idle connections to a server, so that they close first. */
const keepAliveTimeoutMs = 72_000
/** How long an answer may stand still: a client that stops reading would keep its connection for ever. */
const stallTimeoutMs = 120_000

/** How often Node looks for requests that exceed these; its default of 30 s would add as much to them. */
const timeoutCheckMs = 5_000

/** Node keeps at the socket the answer whose turn it is. */
export type ServedSocket = Socket & { _httpMessage?: ServerResponse | null }

const awaitingContinue = new WeakSet<IncomingMessage>()

/**
 * Creates the API's HTTP/1.1 server. What Node would answer by itself, without the envelope and headers of every other
 * answer, goes to the application instead: a missing Host, an unknown `Expect`; CONNECT is refused.
 */
export function createApiServer(handle: RequestListener): Server {
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    requireHostHeader: false,
  })
  // Node drops what exceeds the count unseen, a second Host for one; the size of all headers is bounded anyway.
  server.maxHeadersCount = 0
  server.timeout = stallTimeoutMs
  server.on('timeout', (socket: ServedSocket) => {
    // Work may be silent for longer before its answer begins: many files on their way to another host.
    const isAwaited = socket._httpMessage?.headersSent === false
    if (!isAwaited) socket.destroy()
  })
  // Read once it is remembered: who audits a request must know its address also when its client is gone.
  server.on('connection', (socket) => void socket.remoteAddress)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // The answer before said that the connection ends with it.
    if (request.socket.writableEnded) return
    request.url = originForm(request.url ?? '/')
    handle(request, response)
  })
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('checkContinue', (request, response) => {
    awaitingContinue.add(request)
    server.emit('request', request, response)
  })
  server.on('connect', (_request, stream) => {
    stream.on('error', () => stream.destroy())
    answerRaw(new DomainError('METHOD_NOT_ALLOWED'), stream)
  })
  return server
}

/** Tells a client that waits for it (`Expect: 100-continue`) to send its body. */
export function sendContinue(request: IncomingMessage, response: ServerResponse): void {
  if (awaitingContinue.delete(request)) response.writeContinue()
}

const authority = /^https?:\/\/[^/?#]*/i

/** The target of a request as its path and query, also where a proxy sent the whole URL (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/') || !authority.test(target)) return target
  const rest = target.replace(authority, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}
