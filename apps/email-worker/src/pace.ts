import { sendEmail } from '@muster/jobs'
import { failFastRedis, openQueue } from '@muster/jobs/connection'
import type { Logger } from '@muster/logger'

const reminderMs = 5_000

type PaceOptions = { redisUrl: string; maxPerSecond: number | undefined; log: Logger }

/**
 * Bounds what all email workers together take per second. The bound lies in Redis, beside the queue, and is written
 * again every few seconds because a flush would forget it.
 * @param options.maxPerSecond undefined lifts the bound
 */
export function keepPace({ redisUrl, maxPerSecond, log }: PaceOptions): { close(): Promise<void> } {
  const redis = failFastRedis(redisUrl)
  const queue = openQueue(sendEmail.queue, redis)
  const write = () =>
    maxPerSecond === undefined ? queue.removeGlobalRateLimit() : queue.setGlobalRateLimit(maxPerSecond, 1_000)
  const attempt = () => {
    if (redis.status === 'ready') write().catch((error: unknown) => log.warn({ err: error }, 'the pace was not set'))
  }
  redis.on('ready', attempt)
  const timer = setInterval(attempt, reminderMs)
  return {
    async close() {
      clearInterval(timer)
      await queue.close()
      redis.disconnect()
    },
  }
}
