import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { DomainError } from '@muster/errors'
import { writeRawError } from './raw-error.ts'
import { serveUpgrade, wantsWebSocket } from './upgrade.ts'

/** Slightly longer than the longest upload; other bodies have 30 s, see plugins/body-timeout.ts. */
const requestTimeoutMs = 310_000
/** Below the request's timeout, or Node does not enforce it. */
const headersTimeoutMs = 25_000
/** Above the 60 s after which proxies close an idle connection, so that the proxy closes it first. */
const keepAliveTimeoutMs = 72_000
/** Closes a connection whose client stops reading the response. */
const stallTimeoutMs = 120_000

/** How often Node checks these timeouts; its default adds up to 30 s to each. */
const timeoutCheckMs = 5_000

/** A connection of Node's HTTP server, which keeps the response in progress here. */
export type ServedSocket = Socket & { _httpMessage?: ServerResponse | null }

const awaitingContinue = new WeakSet<IncomingMessage>()

/**
 * Creates the API's HTTP/1.1 server. Requests that Node would answer itself, without the envelope and the headers of every
 * other error (a missing Host, an unknown `Expect`), go to the application, and so do requests for a WebSocket; CONNECT is refused.
 */
export function createApiServer(handle: RequestListener): Server {
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: headersTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
    requireHostHeader: false,
    shouldUpgradeCallback: wantsWebSocket,
  })
  // Node silently drops headers beyond this count, for example a second Host; their total size is bounded anyway.
  server.maxHeadersCount = 0
  server.timeout = stallTimeoutMs
  server.on('timeout', (socket: ServedSocket) => {
    // A handler may take longer before its response begins, for example to copy many files to a remote storage.
    const isInProgress = socket._httpMessage?.headersSent === false
    if (!isInProgress) socket.destroy()
  })
  // Node caches the address when it is read: an audit event needs it after the client disconnected, too.
  server.on('connection', (socket) => void socket.remoteAddress)
  const serve: RequestListener = (request, response) => {
    // The previous response had `Connection: close`.
    if (request.socket.writableEnded) return
    request.url = originForm(request.url ?? '/')
    handle(request, response)
  }
  server.on('request', serve)
  server.on('upgrade', (request, socket, head) => serveUpgrade(request, socket, head, serve))
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('checkContinue', (request, response) => {
    awaitingContinue.add(request)
    server.emit('request', request, response)
  })
  server.on('connect', (_request, stream) => {
    stream.on('error', () => stream.destroy())
    writeRawError(new DomainError('METHOD_NOT_ALLOWED'), stream)
  })
  return server
}

/** Sends 100 Continue to a client that waits for it (`Expect: 100-continue`) before it sends its body. */
export function sendContinue(request: IncomingMessage, response: ServerResponse): void {
  if (awaitingContinue.delete(request)) response.writeContinue()
}

const authority = /^https?:\/\/[^/?#]*/i

/** Returns the path and query of a request's target; a proxy may send the whole URL (RFC 9112, 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith('/') || !authority.test(target)) return target
  const rest = target.replace(authority, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}
