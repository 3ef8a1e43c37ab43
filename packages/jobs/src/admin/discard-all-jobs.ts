import type { RedisClient } from '@muster/redis'
import { queueNames } from '../definitions/define-job.ts'
import { forgetEpochs } from '../outbox/epoch.ts'
import { openQueue } from '../redis/queue.ts'

/**
 * Removes the jobs of all queues from Redis, for an installation that takes it over: run against its own rows, those of the previous one would
 * delete files that its rows still name. Its publishers notice that their epochs are gone, and publish all pending rows again.
 */
export async function discardAllJobs(redis: RedisClient): Promise<void> {
  for (const name of queueNames) {
    const queue = await openQueue(name, redis)
    await queue.obliterate({ force: true })
    await queue.close()
  }
  await forgetEpochs(redis)
}
