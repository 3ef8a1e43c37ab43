import { once } from 'node:events'
import { failFastRedis } from '@muster/jobs/connection'
import type { Logger } from '@muster/logger'

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
  return {
    async attempt(command, fallback) {
      try {
        // Just after the start it is on its way.
        if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(patienceMs) })
        return await command(redis)
      } catch (error) {
        log.warn({ err: error }, 'Redis is away; the audit worker goes on without it')
        return fallback
      }
    },
    close: () => redis.disconnect(),
  }
}
