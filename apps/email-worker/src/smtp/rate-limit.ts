import { sendEmail } from '@muster/jobs/definitions'
import { openQueue } from '@muster/jobs/queue'
import { failFastRedis } from '@muster/jobs/redis'
import { periodsMs } from '@muster/jobs/schedules'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { Queue } from 'bullmq'

type RateLimitOptions = { redisUrl: string; maxPerSecond: number | undefined; log: Logger }

/**
 * Limits how many mails all email workers together send per second. The limit is stored in Redis beside the queue, and written
 * again every few seconds, because a flush of Redis removes it.
 * @param options.maxPerSecond undefined removes the limit
 */
export function startRateLimit({ redisUrl, maxPerSecond, log }: RateLimitOptions): { close(): Promise<void> } {
  const redis = failFastRedis(redisUrl)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'email rate limit' },
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
