import { failFastRedis } from '@muster/jobs/connection'
import type { Logger } from '@muster/logger'
import { analyticsKey } from '@muster/person-cache'

export type AnalyticsCache = {
  /** The next reading of the person's analytics asks Postgres. Without Redis they are right again within 5 minutes. */
  drop(userId: string): Promise<void>
  close(): void
}

/** What is cached of what this worker changes. */
export function openAnalyticsCache({ redisUrl, log }: { redisUrl: string; log: Logger }): AnalyticsCache {
  const redis = failFastRedis(redisUrl, { enableAutoPipelining: true })
  return {
    async drop(userId) {
      await redis
        .del(analyticsKey(userId))
        .catch((error: unknown) => log.warn({ err: error }, 'cached analytics stay, for Redis is away'))
    },
    close: () => redis.disconnect(),
  }
}
