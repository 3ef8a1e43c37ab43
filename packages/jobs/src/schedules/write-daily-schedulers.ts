import type { Logger } from '@muster/logger'
import { failFastRedis, type RedisSettings } from '@muster/redis'
import { trackOutage } from '@muster/telemetry'
import type { Queue } from 'bullmq'
import { allJobs } from '../definitions/all-jobs.ts'
import type { DailyJob, QueueName } from '../definitions/define-job.ts'
import { openQueue } from '../redis/queue.ts'
import { type DailyTime, periodsMs } from './schedules-and-retries.ts'

const weekSeconds = 7 * 86_400

/**
 * Keeps the daily jobs of one queue scheduled. Their schedulers exist in Redis only and are lost when it is flushed, so they
 * are written again every minute and with each new connection; writing an unchanged scheduler has no effect.
 */
export function startDailySchedule(
  { redisSettings, log }: { redisSettings: RedisSettings; log: Logger },
  queueName: QueueName,
): { close(): Promise<void> } {
  const jobs = allJobs.filter((job): job is DailyJob => job.queue === queueName && job.dailyAt !== undefined)
  const redis = failFastRedis(redisSettings)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'daily-schedule' },
    down: 'daily jobs not scheduled, retrying every minute',
    up: 'daily jobs scheduled again',
  })
  let queue: Queue | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = async () => {
    if (redis.status !== 'ready') return
    queue ??= await openQueue(queueName, redis)
    const opts = { removeOnComplete: true, removeOnFail: { age: weekSeconds } }
    for (const { name, dailyAt } of jobs) {
      const repeat = { pattern: cronPattern(dailyAt), tz: 'Etc/UTC' }
      await queue.upsertJobScheduler(`daily-${name}`, repeat, { name, data: {}, opts })
    }
  }
  const tick = () => {
    writing = writing.then(write).then(outage.succeeded, outage.failed)
  }
  redis.on('ready', tick)
  const timer = setInterval(tick, periodsMs.writeDailySchedule)

  return {
    async close() {
      clearInterval(timer)
      redis.off('ready', tick)
      await writing
      await queue?.close()
      redis.disconnect()
    },
  }
}

/** Seconds first, as BullMQ's cron patterns may have them. */
function cronPattern(time: DailyTime): string {
  const [hour, minute] = time.split(':').map(Number)
  return `0 ${minute} ${hour} * * *`
}
