import { readWrittenPosition } from '@muster/db'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Deps } from '../deps.ts'
import { shareNext } from '../http/reads/share-next.ts'
import { createWriteChains } from '../http/reads/write-chains.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Sets a cookie with each answer to a write, so that the caller's next list comes from a server that has it. The position is read after
 * the handler, and so after its commits, by one statement for all answers of a moment. Without a replica no request has this hook.
 * Registered before the plugin of cookies, whose hook writes them into the answer.
 */
export const writeCookiesPlugin = fp(
  async (app: FastifyInstance, { deps }: { deps: Pick<Deps, 'replica' | 'lookups' | 'writeCookies'> }) => {
    const { replica, lookups, writeCookies: cookies } = deps
    if (!replica) return
    const readPosition = shareNext(() => readWrittenPosition(lookups))
    const chains = createWriteChains()

    app.addHook('onSend', async (request, reply) => {
      if (!mayHaveWritten(request, reply)) return
      // Without an answer of the server, nobody knows whether it was written; without a session, whether writes overlap.
      const keep =
        reply.statusCode < 500 && request.actor && chains.begin(request.actor.sessionId, cookies.ownIn(request))
      const position = keep ? await readPosition().catch(() => undefined) : undefined
      if (keep && position !== undefined) keep(cookies.setPosition(reply, position))
      else cookies.setEverything(reply)
    })
  },
)

/** An answer with 4xx has written nothing that a list would show. */
function mayHaveWritten({ method, routeOptions }: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (statusCode >= 400 && statusCode < 500) return false
  return !safeMethods.has(method) || routeOptions.config.hasEffects === true
}
