import type { Server as HttpServer } from 'node:http'
import { Server } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import fp from 'fastify-plugin'

/** How long connections that are open end with their next response, before those that are idle are closed. */
const noticeMs = 1_000
const reapIntervalMs = 250

/**
 * Closes the server without failing a request. First it accepts no connection any more, so that a proxy tries another instance. For
 * {@link noticeMs} it serves the open connections as before, and each response has `Connection: close`, so that they end between two
 * requests. Then it closes the remaining ones as soon as they are idle, before their keep-alive timeout.
 */
export const gracefulClosePlugin = fp(async (app) => {
  app.addHook('preClose', async () => {
    if (!app.server.listening) return
    await stopListening(app.server)
    await sleep(noticeMs)
    const reaper = setInterval(() => app.server.closeIdleConnections(), reapIntervalMs)
    app.server.once('close', () => clearInterval(reaper))
  })
})

/**
 * Stops listening when no connection waits to be accepted: the system would reset it, and with it a request that was sent already.
 * Idle connections stay open, unlike after the `close` of Node's HTTP server.
 */
async function stopListening(server: HttpServer): Promise<void> {
  let hasAccepted = true
  const accepted = () => {
    hasAccepted = true
  }
  server.on('connection', accepted)
  const endMs = performance.now() + noticeMs
  // In each turn of the event loop, Node accepts at most one connection.
  while (hasAccepted && performance.now() < endMs) {
    hasAccepted = false
    await nextTurn()
  }
  server.off('connection', accepted)
  Server.prototype.close.call(server)
}
