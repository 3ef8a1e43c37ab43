import fastifyRateLimit, { type FastifyRateLimitStore } from '@fastify/rate-limit'
import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Deps } from '../deps.ts'
import { addressKey } from '../http/client-address.ts'
import { type CoarseLimitName, coarseLimits, scaled } from '../http/limits.ts'
import { createDeltaCounters } from '../http/rate-counters.ts'

const exchangeIntervalMs = 500

const callerLimit = ({ actor, routeOptions }: FastifyRequest) => {
  if (actor) return 'signedIn'
  return operationRoute.test(routeOptions.url ?? '') ? 'operation' : 'anonymous'
}

/** A monitor must be able to look for ever, and not at the expense of those behind the same address who sign in. */
const operationRoute = /^\/(health|openapi\.json|docs)(\/|$)/

function callerKey(request: FastifyRequest): string {
  const limit = callerLimit(request)
  if (limit === 'signedIn') return `user:${request.actor.userId}`
  return `${limit === 'operation' ? 'operation' : 'ip'}:${addressKey(request.ip)}`
}

const authRoute = /\/auth\//

/** How many tries are left is nothing that somebody who guesses should know. */
async function hideRemaining(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.removeHeader('ratelimit-remaining')
}

/** The coarse limits: one by person or address for every route, and stricter ones that a route names in its config. */
export const rateLimitsPlugin = fp(async (app: FastifyInstance, { deps }: { deps: Deps }) => {
  const counters = createDeltaCounters(deps.redis)
  const timer = setInterval(() => void counters.exchange(), exchangeIntervalMs)
  app.addHook('onClose', () => clearInterval(timer))

  /** `@fastify/rate-limit` makes one store per route with a limit of its own; all of them count in the same place. */
  class DeltaStore implements FastifyRateLimitStore {
    incr(key: string, callback: Parameters<FastifyRateLimitStore['incr']>[1], windowMs: number, max: number) {
      callback(null, counters.count(key, { max, windowMs }, deps.clock.now().getTime()))
    }

    child() {
      return this
    }
  }

  app.addHook('onRoute', (route) => {
    if (authRoute.test(route.url)) route.onSend = [route.onSend ?? [], hideRemaining].flat()
  })

  await app.register(fastifyRateLimit, {
    store: DeltaStore,
    enableDraftSpec: true,
    keyGenerator: callerKey,
    max: (request: FastifyRequest) => scaled(coarseLimits[callerLimit(request)], deps.config.rateLimitScale),
    timeWindow: coarseLimits.anonymous.windowMs,
    errorResponseBuilder: (_request: FastifyRequest, { ttl }: { ttl: number }) => rateLimited(ttl),
  })
})

/** A route's own coarse limit, for its `config.rateLimit`: counted apart from all others. */
export function routeLimit(deps: Pick<Deps, 'config'>, name: CoarseLimitName, by: 'ip' | 'user') {
  const limit = coarseLimits[name]
  return {
    max: scaled(limit, deps.config.rateLimitScale),
    timeWindow: limit.windowMs,
    keyGenerator: (request: FastifyRequest) =>
      // Who is not signed in is refused after this, and counted by address until then.
      by === 'user' && request.actor ? `${name}:${request.actor.userId}` : `${name}:${addressKey(request.ip)}`,
  }
}

export const rateLimited = (ttlMs: number) =>
  new DomainError('RATE_LIMITED', { retryAfterSeconds: Math.max(1, Math.ceil(ttlMs / 1_000)) })
