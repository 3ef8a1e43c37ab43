import { once } from 'node:events'
import type { RedisClient } from '@muster/redis'
import { lastErrorOf } from '@muster/redis'
import { type QueueName, queueNames } from '../definitions/define-job.ts'
import { queuePrefix } from './queue-prefix.ts'

/** The keys are never read; they expire. */
const probeTtlSeconds = 60

/** Shares a queue's prefix, so that the same node of a cluster responds, under the same access rules. */
const probeKey = (queue: QueueName) => `${queuePrefix(queue)}:probe`

/**
 * Probes Redis by a write and a script in each queue's slot, since BullMQ writes jobs by scripts: a replica, a full
 * memory, a wrong password, a cluster's missing slots and an access rule refuse one or the other.
 * @throws the error of Redis, or else the last error of its connection
 */
export async function probeRedis(redis: RedisClient, queues: readonly QueueName[] = queueNames): Promise<void> {
  if (redis.status !== 'ready') {
    const error = lastErrorOf(redis)
    if (error) throw error
    // It connects for the first time; `once` rejects with the error that ends that.
    await once(redis, 'ready')
  }
  const writes = queues.flatMap((queue) => [
    redis.set(probeKey(queue), '1', 'EX', probeTtlSeconds),
    redis.eval('return 1', 1, probeKey(queue)),
  ])
  await Promise.all(writes).catch((error: unknown) => {
    // That of the node of a cluster, which the error of the command does not contain.
    throw lastErrorOf(redis) ?? error
  })
}
