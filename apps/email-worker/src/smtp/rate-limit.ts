import { sendEmail } from '@muster/jobs/definitions'
import { openQueue } from '@muster/jobs/queue'
import { periodsMs } from '@muster/jobs/schedules'
import type { Logger } from '@muster/logger'
import { failFastRedis, type RedisSettings } from '@muster/redis'
import { trackOutage } from '@muster/telemetry'
import type { Queue } from 'bullmq'

type RateLimitOptions = { redisSettings: RedisSettings; maxPerSecond: number | undefined; log: Logger }

/**
 * Limits how many mails all email workers together send per second. The limit is stored in Redis beside the queue, and written
 * again every few seconds, because a flush of Redis removes it.
 * @param options.maxPerSecond undefined removes the limit
 */
export function startRateLimit({ redisSettings, maxPerSecond, log }: RateLimitOptions): { close(): Promise<void> } {
  const redis = failFastRedis(redisSettings)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'mail-rate-limit' },
    down: 'email rate limit not written, redis unavailable',
    up: 'email rate limit written again',
  })
  let queue: Queue | undefined
  const write = async () => {
    if (redis.status !== 'ready') return
    queue ??= await openQueue(sendEmail.queue, redis)
    await (maxPerSecond === undefined ? queue.removeGlobalRateLimit() : queue.setGlobalRateLimit(maxPerSecond, 1_000))
  }
  let writing = Promise.resolve()
  const tryToWrite = () => {
    writing = writing.then(write).then(outage.succeeded, outage.failed)
  }
  redis.on('ready', tryToWrite)
  const timer = setInterval(tryToWrite, periodsMs.writeMailRateLimit)
  return {
    async close() {
      clearInterval(timer)
      await writing
      await queue?.close()
      redis.disconnect()
    },
  }
}
