import { type IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { closeLingering } from './lingering-close.ts'

/** The path of Socket.IO, the only one at which a request becomes a WebSocket. */
export const socketPath = '/socket.io'

const path = new RegExp(`^(?:https?://[^/?#]*)?${RegExp.escape(socketPath)}/?(?:\\?|$)`, 'i')

type Upgrade = { response: ServerResponse; socket: Duplex; head: Buffer }

const upgrades = new WeakMap<IncomingMessage, Upgrade>()
const destroy = function (this: Duplex) {
  this.destroy()
}

/** Tells whether a request asks for a WebSocket where there is one. Node ignores the `Upgrade` of every other request. */
export const wantsWebSocket = ({ headers, url = '' }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket' && path.test(url)

/** Handles a request for a WebSocket like any other request, with a response by which it can be refused. */
export function serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, handle: RequestListener): void {
  socket.on('error', destroy)
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  // The type names a socket; Node's own upgrades of TLS are duplex streams, too.
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
  response.once('finish', () => closeLingering(socket))
  upgrades.set(request, { response, socket, head })
  handle(request, response)
}

/** Takes the connection from the response of {@link serveUpgrade}, in order to speak WebSocket; undefined for other requests. */
export function takeUpgrade(request: IncomingMessage): Omit<Upgrade, 'response'> | undefined {
  const upgrade = upgrades.get(request)
  if (!upgrade) return undefined
  const { response, socket, head } = upgrade
  upgrades.delete(request)
  response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0])
  socket.off('error', destroy)
  return { socket, head }
}
