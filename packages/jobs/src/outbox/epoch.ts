import { randomUUID } from 'node:crypto'
import { isCluster, type RedisClient } from '@muster/redis'
import { type QueueName, queueNames } from '../definitions/define-job.ts'
import { queuePrefix } from '../redis/queue-prefix.ts'

/**
 * A random value for each queue, which Redis loses together with the jobs of that queue, because a cluster keeps both in one slot. When
 * missing or changed, Redis, or one server of a cluster, was flushed or replaced.
 */
export type Epochs = ReadonlyMap<QueueName, string>

const epochKey = (queue: QueueName) => `${queuePrefix(queue)}:epoch`
/** The one epoch of earlier releases, which knew no clusters. */
const commonEpochKey = 'muster:epoch'

/** Reads the epoch of each queue, or sets one. `fresh` lists the queues that had none. */
export async function readEpochs(redis: RedisClient): Promise<{ epochs: Epochs; fresh: ReadonlySet<QueueName> }> {
  const fresh = new Set<QueueName>()
  const read = async (queue: QueueName): Promise<[QueueName, string]> => {
    const known = await redis.get(epochKey(queue))
    if (known) return [queue, known]
    const common = isCluster(redis) ? null : await redis.get(commonEpochKey)
    const own = common ?? randomUUID()
    const isSet = (await redis.set(epochKey(queue), own, 'NX')) !== null
    if (isSet && !common) fresh.add(queue)
    return [queue, isSet ? own : ((await redis.get(epochKey(queue))) ?? own)]
  }
  return { epochs: new Map(await Promise.all(queueNames.map(read))), fresh }
}

/** Lists the queues whose jobs Redis lost since the epochs were known. A process that has just started knows none. */
export const lostQueues = (known: Epochs | undefined, seen: Awaited<ReturnType<typeof readEpochs>>): QueueName[] =>
  queueNames.filter((queue) => {
    const before = known?.get(queue)
    return seen.fresh.has(queue) || (before !== undefined && before !== seen.epochs.get(queue))
  })

/** Tells whether Redis still has the data that it had when the epochs were read. */
export async function areSameEpochs(redis: RedisClient, epochs: Epochs | undefined): Promise<boolean> {
  if (!epochs) return false
  const present = await Promise.all(queueNames.map((queue) => redis.get(epochKey(queue))))
  return queueNames.every((queue, index) => epochs.get(queue) === present[index])
}

/** Removes the epochs, so that every publisher notices that the jobs are gone. */
export async function forgetEpochs(redis: RedisClient): Promise<void> {
  await Promise.all([commonEpochKey, ...queueNames.map(epochKey)].map((key) => redis.del(key)))
}
