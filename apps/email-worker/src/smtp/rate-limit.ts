import { sendEmail } from '@muster/jobs/definitions'
import { openQueue } from '@muster/jobs/queue'
import { failFastRedis } from '@muster/jobs/redis'
import { periodsMs } from '@muster/jobs/schedules'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { Queue } from 'bullmq'

type PaceOptions = { redisUrl: string; maxPerSecond: number | undefined; log: Logger }

/**
 * Bounds what all email workers together take per second. The bound lies in Redis, beside the queue, and is written
 * again every few seconds because a flush would forget it.
 * @param options.maxPerSecond undefined lifts the bound
 */
export function keepPace({ redisUrl, maxPerSecond, log }: PaceOptions): { close(): Promise<void> } {
  const redis = failFastRedis(redisUrl)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'pace' },
    down: 'rate limit of mails not written',
    up: 'rate limit of mails written again',
  })
  let queue: Queue | undefined
  const write = async () => {
    if (redis.status !== 'ready') return
    queue ??= await openQueue(sendEmail.queue, redis)
    await (maxPerSecond === undefined ? queue.removeGlobalRateLimit() : queue.setGlobalRateLimit(maxPerSecond, 1_000))
  }
  let writing = Promise.resolve()
  const attempt = () => {
    writing = writing.then(write).then(outage.succeeded, outage.failed)
  }
  redis.on('ready', attempt)
  const timer = setInterval(attempt, periodsMs.writeMailRateLimit)
  return {
    async close() {
      clearInterval(timer)
      await writing
      await queue?.close()
      redis.disconnect()
    },
  }
}
