import { failFastRedis } from '@muster/jobs/redis'
import type { Logger } from '@muster/logger'
import { analyticsKey } from '@muster/person-cache'
import { trackOutage } from '@muster/telemetry'

export type AnalyticsCache = {
  /** The next reading of the person's analytics asks Postgres. Without Redis they are right again within 5 minutes. */
  drop(userId: string): Promise<void>
  close(): void
}

/** What is cached of what this worker changes. */
export function openAnalyticsCache({ redisUrl, log }: { redisUrl: string; log: Logger }): AnalyticsCache {
  const redis = failFastRedis(redisUrl, { enableAutoPipelining: true })
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'analytics cache' },
    down: 'redis unavailable, cached analytics stay',
    up: 'cached analytics invalidated again',
  })
  return {
    async drop(userId) {
      await redis.del(analyticsKey(userId)).then(outage.succeeded, outage.failed)
    },
    close: () => redis.disconnect(),
  }
}
