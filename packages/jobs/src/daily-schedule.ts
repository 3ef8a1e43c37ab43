import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { Queue } from 'bullmq'
import { failFastRedis, openQueue } from './connection.ts'
import type { HintJob } from './define-job.ts'

const upsertIntervalMs = 60_000
const weekSeconds = 7 * 86_400

/** A job and when it runs, as a cron pattern with seconds in UTC. */
export type DailyJob = { job: HintJob; pattern: string }

/**
 * Keeps jobs of one queue scheduled once a day. Schedulers live in Redis alone and die silently when it is flushed, so
 * these are put in again each minute and with each new connection; the same ones again change nothing.
 */
export function startDailySchedule(
  { redisUrl, log }: { redisUrl: string; log: Logger },
  ...jobs: [DailyJob, ...DailyJob[]]
): { close(): Promise<void> } {
  const redis = failFastRedis(redisUrl)
  const outage = trackOutage({
    log,
    fields: { dependency: 'redis', component: 'daily schedule' },
    down: 'daily jobs not scheduled, trying again each minute',
    up: 'daily jobs scheduled again',
  })
  let queue: Queue | undefined
  let upserting: Promise<void> = Promise.resolve()

  const upsert = async () => {
    if (redis.status !== 'ready') return
    queue ??= await openQueue(jobs[0].job.queue, redis)
    const opts = { removeOnComplete: true, removeOnFail: { age: weekSeconds } }
    for (const { job, pattern } of jobs) {
      const template = { name: job.name, data: {}, opts }
      await queue.upsertJobScheduler(`daily-${job.name}`, { pattern, tz: 'Etc/UTC' }, template)
    }
  }
  const tick = () => {
    upserting = upserting.then(upsert).then(outage.succeeded, outage.failed)
  }
  redis.on('ready', tick)
  const timer = setInterval(tick, upsertIntervalMs)

  return {
    async close() {
      clearInterval(timer)
      redis.off('ready', tick)
      await upserting
      await queue?.close()
      redis.disconnect()
    },
  }
}
