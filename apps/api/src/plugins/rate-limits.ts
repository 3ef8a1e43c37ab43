import fastifyRateLimit, { type FastifyRateLimitStore, type RateLimitOptions } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Deps } from '../deps.ts'
import { addressKey } from '../http/client-address.ts'
import { callerLimits, type RouteLimitName, rateLimited, routeLimits, scaledMax } from '../http/limits/limits.ts'
import { createRateCounters, type RateCounters } from '../http/limits/rate-counters.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts what the limits of this plugin do not count. */
    rateCounters: RateCounters
  }
  interface FastifyContextConfig {
    /** The route's own limit, counted separately. */
    limit?: RouteLimitName
  }
  interface FastifyRequest {
    /** Counts the request towards a limit that its handler applies. @throws DomainError RATE_LIMITED */
    takeLimit(name: RouteLimitName): void
  }
}

const exchangeIntervalMs = 500

/** Registers the limit of all requests, and the stricter limit of each route whose config names one. */
export const rateLimitsPlugin = fp(
  async (app: FastifyInstance, { deps }: { deps: Pick<Deps, 'config' | 'redis' | 'clock'> }) => {
    const scale = deps.config.rateLimitScale
    const counters = createRateCounters(deps.redis)
    app.decorate('rateCounters', counters)
    const timer = setInterval(() => void counters.exchange(), exchangeIntervalMs)
    app.addHook('onClose', () => clearInterval(timer))

    /** `@fastify/rate-limit` creates one store for each route with its own limit; all of them share the counters. */
    class SharedStore implements FastifyRateLimitStore {
      incr(key: string, callback: Parameters<FastifyRateLimitStore['incr']>[1], windowMs: number, max: number) {
        callback(null, counters.count(key, { max, windowMs }, deps.clock.now().getTime()))
      }

      child() {
        return this
      }
    }

    app.decorateRequest('takeLimit', function (name: RouteLimitName) {
      const { windowMs } = routeLimits[name]
      const max = scaledMax(routeLimits[name], scale)
      const { current, ttl } = counters.count(keyOf(name, this), { max, windowMs }, deps.clock.now().getTime())
      if (current > max) throw rateLimited(ttl)
    })

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
  },
)

function rateLimitOf(name: RouteLimitName, scale: number): RateLimitOptions {
  const limit = routeLimits[name]
  return {
    max: scaledMax(limit, scale),
    timeWindow: limit.windowMs,
    keyGenerator: (request: FastifyRequest) => keyOf(name, request),
  }
}

/** A caller who is not signed in is refused after the limits; until then the address counts. */
const keyOf = (name: RouteLimitName, { actor, ip }: FastifyRequest) =>
  routeLimits[name].by === 'user' && actor ? `${name}:${actor.userId}` : `${name}:${addressKey(ip)}`

/** Routes with a limit of their own, so that a monitor does not use up the limit of the users behind the same address. */
const operationRoute = /^\/(health|openapi\.json|docs)(\/|$)/

function callerLimitOf(request: FastifyRequest): keyof typeof callerLimits {
  // Fastify makes the options of the route anew at each read, so they are read only where they decide.
  if (request.actor) return 'signedIn'
  return operationRoute.test(request.routeOptions.url ?? '') ? 'operation' : 'anonymous'
}

function callerKey(request: FastifyRequest): string {
  const limit = callerLimitOf(request)
  if (limit === 'signedIn') return `user:${request.actor.userId}`
  return `${limit === 'operation' ? 'operation' : 'ip'}:${addressKey(request.ip)}`
}

const authRoute = /\/auth\//

/** Removes a header of sign-in routes: an attacker must not learn how many attempts remain. */
async function hideRemaining(_request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.removeHeader('ratelimit-remaining')
}
