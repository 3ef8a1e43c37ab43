import { setTimeout as sleep } from 'node:timers/promises'
import fp from 'fastify-plugin'

/** Clients that keep a connection see during this time that it ends, also those that use no load balancer. */
const noticeMs = 1_000
const reapIntervalMs = 250

/**
 * Closes the server without failing a request. For {@link noticeMs} it serves requests as before, and each response has
 * `Connection: close`, so that connections end between two requests. Then it accepts no connection, and closes the
 * remaining ones as soon as they are idle, before their keep-alive timeout.
 */
export const gracefulClosePlugin = fp(async (app) => {
  app.addHook('preClose', async () => {
    if (!app.server.listening) return
    await sleep(noticeMs)
    const reaper = setInterval(() => app.server.closeIdleConnections(), reapIntervalMs)
    app.server.once('close', () => clearInterval(reaper))
  })
})
