import fp from 'fastify-plugin'
import type { Presence } from './presence.ts'

/** Notes each request as presence of its actor, except HEAD, which has no effects. */
export const presencePlugin = fp<{ presence: Presence }>(async (app, { presence }) => {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.actor && request.method !== 'HEAD') presence.touch(request.actor.userId)
    done()
  })
})
