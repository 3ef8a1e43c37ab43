import { sweepOrphans } from '@muster/jobs'
import { failFastRedis, openQueue } from '@muster/jobs/connection'
import type { Queue } from 'bullmq'
import type { Deps } from './deps.ts'

const upsertIntervalMs = 60_000
/** Every night at 03:17 UTC. */
const nightly = { pattern: '0 17 3 * * *', tz: 'Etc/UTC' }
const schedulerId = 'daily-sweep-orphans'

/**
 * Keeps the daily sweep scheduled. Schedulers live in Redis alone and die silently when it is flushed, so this one is
 * put in again each minute and with each new connection; the same one again changes nothing.
 */
export function startSweepSchedule({ redisUrl, log }: Pick<Deps, 'redisUrl' | 'log'>): { close(): Promise<void> } {
  const redis = failFastRedis(redisUrl)
  let queue: Queue | undefined
  let upserting: Promise<void> = Promise.resolve()

  const upsert = async () => {
    if (redis.status !== 'ready') return
    queue ??= await openQueue(sweepOrphans.queue, redis)
    const opts = { removeOnComplete: true, removeOnFail: { age: 7 * 86_400 } }
    await queue.upsertJobScheduler(schedulerId, nightly, { name: sweepOrphans.name, data: {}, opts })
  }
  const tick = () => {
    upserting = upserting
      .then(upsert)
      .catch((error: unknown) => log.warn({ err: error }, 'the sweep is not scheduled; tried again in a minute'))
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
