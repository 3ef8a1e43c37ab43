import fastifyRateLimit, { type FastifyRateLimitStore, type RateLimitOptions } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Deps } from '../deps.ts'
import { addressKey } from '../http/client-address.ts'
import { callerLimits, type RouteLimitName, rateLimited, routeLimits, scaledMax } from '../http/limits.ts'
import { createRateCounters } from '../http/rate-counters.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's own limit, counted apart from all others. */
    limit?: RouteLimitName
  }
}

const exchangeIntervalMs = 500

/** Registers the limit that every request meets, and the stricter one of each route whose config names one. */
export const rateLimitsPlugin = fp(async (app: FastifyInstance, { deps }: { deps: Deps }) => {
  const scale = deps.config.rateLimitScale
  const counters = createRateCounters(deps.redis)
  const timer = setInterval(() => void counters.exchange(), exchangeIntervalMs)
  app.addHook('onClose', () => clearInterval(timer))

  /** `@fastify/rate-limit` makes one store per route with a limit of its own; all of them count in the same place. */
  class SharedStore implements FastifyRateLimitStore {
    incr(key: string, callback: Parameters<FastifyRateLimitStore['incr']>[1], windowMs: number, max: number) {
      callback(null, counters.count(key, { max, windowMs }, deps.clock.now().getTime()))
    }

    child() {
      return this
    }
  }

  // Before the library's own hook, which reads `config.rateLimit`.
  app.addHook('onRoute', (route) => {
    if (route.config?.limit) route.config.rateLimit = rateLimitOf(route.config.limit, scale)
    if (authRoute.test(route.url)) route.onSend = [route.onSend ?? [], hideRemaining].flat()
  })

  await app.register(fastifyRateLimit, {
    store: SharedStore,
    enableDraftSpec: true,
    keyGenerator: callerKey,
    max: (request: FastifyRequest) => scaledMax(callerLimits[callerLimitOf(request)], scale),
    timeWindow: callerLimits.anonymous.windowMs,
    errorResponseBuilder: (_request: FastifyRequest, { ttl }: { ttl: number }) => rateLimited(ttl),
  })
})

function rateLimitOf(name: RouteLimitName, scale: number): RateLimitOptions {
  const limit = routeLimits[name]
  return {
    max: scaledMax(limit, scale),
    timeWindow: limit.windowMs,
    keyGenerator: (request: FastifyRequest) =>
      // A caller who is not signed in is refused after this hook, and counted by address until then.
      limit.by === 'user' && request.actor ? `${name}:${request.actor.userId}` : `${name}:${addressKey(request.ip)}`,
  }
}

/** A monitor can ask for ever without using up the limit of the people behind the same address. */
const operationRoute = /^\/(health|openapi\.json|docs)(\/|$)/

function callerLimitOf({ actor, routeOptions }: FastifyRequest): keyof typeof callerLimits {
  if (actor) return 'signedIn'
  return operationRoute.test(routeOptions.url ?? '') ? 'operation' : 'anonymous'
}

function callerKey(request: FastifyRequest): string {
  const limit = callerLimitOf(request)
  if (limit === 'signedIn') return `user:${request.actor.userId}`
  return `${limit === 'operation' ? 'operation' : 'ip'}:${addressKey(request.ip)}`
}

const authRoute = /\/auth\//

/** An attacker who guesses must not learn how many tries are left. */
async function hideRemaining(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.removeHeader('ratelimit-remaining')
}
