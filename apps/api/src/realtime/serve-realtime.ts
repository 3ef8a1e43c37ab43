import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { serveEngine } from './engine-routes.ts'
import { createEngine, type Gateway, type RunningGateway, startGateway } from './gateway.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The gateway; undefined until the server listens. */
    readonly gateway: Gateway | undefined
  }
}

/**
 * Serves Socket.IO on the API's own server, at `/socket.io`. Engine.IO's requests pass the plugins of Fastify like all others: the same
 * session cookies, origins, addresses and errors. The gateway starts when the server listens, and no request reaches it before.
 */
export async function serveRealtime(app: FastifyInstance, context: Context): Promise<void> {
  const engine = createEngine()
  let gateway: RunningGateway | undefined
  app.decorate('gateway', { getter: () => gateway })
  await serveEngine(app, context, engine, () => gateway)
  app.addHook('onListen', async () => {
    gateway ??= startGateway(engine, context)
  })
  app.addHook('preClose', async () => gateway?.drain())
  app.addHook('onClose', async () => gateway?.close())
}
