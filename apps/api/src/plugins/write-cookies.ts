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
      const told = tells(request, reply)
      if (told === 'nothing') return
      // Without a session, nobody knows whether writes overlap.
      const keep = told === 'written' && request.actor && chains.begin(request.actor.sessionId, cookies.ownIn(request))
      const position = keep ? await readPosition().catch(() => undefined) : undefined
      if (keep && position !== undefined) keep(cookies.setPosition(reply, position))
      else cookies.setEverything(reply)
    })
  },
)

/** Not found, a conflict, an outdated version: the caller has just learned of what others wrote, and is about to read it. */
const contradictions = new Set([404, 409, 412])

/** Returns what an answer tells the caller about rows: that theirs are written, that some changed (or may have), or nothing. */
function tells(
  { method, routeOptions }: FastifyRequest,
  { statusCode }: FastifyReply,
): 'written' | 'changed' | 'nothing' {
  if (safeMethods.has(method) && !routeOptions.config.hasEffects) return 'nothing'
  if (statusCode < 400) return 'written'
  return statusCode >= 500 || contradictions.has(statusCode) ? 'changed' : 'nothing'
}
