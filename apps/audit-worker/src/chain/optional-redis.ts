import { once } from 'node:events'
import { failFastRedis, lastErrorOf } from '@muster/jobs/redis'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'

type Redis = ReturnType<typeof failFastRedis>

/** Redis beside the queues: what it holds helps, and nothing waits for it. */
export type OptionalRedis = {
  /** The command's answer, or the fallback when Redis is away. */
  attempt<T>(command: (redis: Redis) => Promise<T>, fallback: T): Promise<T>
  close(): void
}

const patienceMs = 1_000

export function openRedis(url: string, log: Logger): OptionalRedis {
  const redis = failFastRedis(url)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'heads' },
    down: 'redis unavailable, continuing without announced heads',
    up: 'heads announced again',
  })
  return {
    async attempt(command, fallback) {
      try {
        // Just after the start it is on its way.
        if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(patienceMs) })
        const answer = await command(redis)
        outage.succeeded()
        return answer
      } catch (error) {
        outage.failed(lastErrorOf(redis) ?? error)
        return fallback
      }
    },
    close: () => redis.disconnect(),
  }
}
