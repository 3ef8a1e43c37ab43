import type { Logger } from '@muster/logger'
import type { Queue } from 'bullmq'
import { failFastRedis, openQueue } from './connection.ts'
import type { HintJob } from './define-job.ts'

const upsertIntervalMs = 60_000
const weekSeconds = 7 * 86_400

/**
 * Keeps a job scheduled once a day. Schedulers live in Redis alone and die silently when it is flushed, so this one is put
 * in again each minute and with each new connection; the same one again changes nothing.
 * @param daily the job and when it runs, as a cron pattern with seconds in UTC
 */
export function startDailySchedule(
  { redisUrl, log }: { redisUrl: string; log: Logger },
  daily: { job: HintJob; pattern: string },
): { close(): Promise<void> } {
  const { job, pattern } = daily
  const redis = failFastRedis(redisUrl)
  let queue: Queue | undefined
  let upserting: Promise<void> = Promise.resolve()

  const upsert = async () => {
    if (redis.status !== 'ready') return
    queue ??= await openQueue(job.queue, redis)
    const opts = { removeOnComplete: true, removeOnFail: { age: weekSeconds } }
    await queue.upsertJobScheduler(`daily-${job.name}`, { pattern, tz: 'Etc/UTC' }, { name: job.name, data: {}, opts })
  }
  const tick = () => {
    upserting = upserting
      .then(upsert)
      .catch((error: unknown) => log.warn({ err: error, job: job.name }, 'not scheduled; tried again in a minute'))
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
