import { once } from 'node:events'
import type { Logger } from '@muster/logger'
import { failFastRedis, lastErrorOf, type RedisClient, type RedisSettings } from '@muster/redis'
import { trackOutage } from '@muster/telemetry'

/** A Redis connection for announced heads. The chain works without it. */
export type OptionalRedis = {
  /** Runs a command. @returns its reply, or `fallback` while Redis is unavailable */
  attempt<T>(command: (redis: RedisClient) => Promise<T>, fallback: T): Promise<T>
  close(): void
}

const connectTimeoutMs = 1_000

export function openRedis(settings: RedisSettings, log: Logger): OptionalRedis {
  const redis = failFastRedis(settings)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'audit-heads' },
    down: 'redis unavailable, continuing without announced heads',
    up: 'audit heads announced again',
  })
  return {
    async attempt(command, fallback) {
      try {
        // Right after the start the connection is still being made.
        if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(connectTimeoutMs) })
        const reply = await command(redis)
        outage.succeeded()
        return reply
      } catch (error) {
        outage.failed(lastErrorOf(redis) ?? error)
        return fallback
      }
    },
    close: () => redis.disconnect(),
  }
}
