import { setTimeout as sleep } from 'node:timers/promises'
import fp from 'fastify-plugin'

/** How long it takes until whoever spreads the requests knows that this instance is no longer ready. */
const noticeMs = 1_000
const reapIntervalMs = 250

/**
 * Ends without failing a request. First everything is served as before while each answer asks for its connection to be
 * closed, so that connections end between two requests and not under one; only then nothing is accepted any more, and
 * what is left of connections is closed as it falls idle, instead of after their keep-alive timeout.
 */
export const gracefulClosePlugin = fp(async (app) => {
  app.addHook('preClose', async () => {
    if (!app.server.listening) return
    await sleep(noticeMs)
    const reaper = setInterval(() => app.server.closeIdleConnections(), reapIntervalMs)
    app.server.once('close', () => clearInterval(reaper))
  })
})
