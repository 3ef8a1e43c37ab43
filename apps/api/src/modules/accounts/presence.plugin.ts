import fp from 'fastify-plugin'
import type { Presence } from './presence.ts'

/** Whoever sends a request is here; a HEAD, which has no effects, does not tell of it. */
export const presencePlugin = fp<{ presence: Presence }>(async (app, { presence }) => {
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.actor && request.method !== 'HEAD') presence.touch(request.actor.userId)
    done()
  })
})
