import { once } from 'node:events'
import type { Logger } from '@muster/logger'
import { failFastRedis, lastErrorOf, type RedisSettings } from '@muster/redis'
import { trackOutage } from '@muster/telemetry'
import { type Cache, createCache } from './cache.ts'
import type { OptionalRedis } from './optional-redis.ts'

const connectPatienceMs = 2_000

type Options = { redisSettings: RedisSettings; log: Logger }

/** Opens a connection to a Redis that a process uses only occasionally and can do without. */
export function openOptionalRedis({ redisSettings, log }: Options): OptionalRedis & { close(): void } {
  const redis = failFastRedis(redisSettings, { enableAutoPipelining: true })
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'cache' },
    down: 'redis unavailable, cache invalidation is retried',
    up: 'redis available, cache invalidation resumed',
  })
  const attempt: OptionalRedis['attempt'] = async (command, fallback) => {
    try {
      if (isConnecting(redis.status)) await once(redis, 'ready', { signal: AbortSignal.timeout(connectPatienceMs) })
      const answer = await command(redis)
      outage.succeeded()
      return answer
    } catch (error) {
      outage.failed(lastErrorOf(redis) ?? error)
      return fallback
    }
  }
  return { attempt, close: () => redis.disconnect() }
}

/** Creates a cache with a connection of its own, for a process that invalidates only occasionally. */
export function openCache({ redisSettings, log }: Options): Cache {
  const redis = openOptionalRedis({ redisSettings, log })
  const cache = createCache({ redis, log })
  return {
    ...cache,
    async close() {
      const expiring = await cache.close()
      redis.close()
      return expiring
    },
  }
}

/** Whether the first connection is being made. After an outage the status is `reconnecting`, and nothing waits. */
const isConnecting = (status: string) => status === 'connecting' || status === 'connect'
