import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { lastErrorOf, queuePrefix } from './connection.ts'
import { type QueueName, queueNames } from './define-job.ts'

/** Nobody reads them; they go by themselves. */
const probeTtlSeconds = 60

/** Beside the keys of a queue, so that it is the same node of a cluster that answers, under the same access rules. */
const probeKey = (queue: QueueName) => `${queuePrefix(queue)}:probe`

/**
 * Asks Redis by writes where jobs are written: a replica, a full memory, a wrong password and another node's slots all
 * refuse them.
 * @throws what Redis, or else its connection, says last
 */
export async function probeRedis(redis: Redis, queues: readonly QueueName[] = queueNames): Promise<void> {
  if (redis.status !== 'ready') {
    const error = lastErrorOf(redis)
    if (error) throw error
    // It has only begun to connect; `once` rejects with the error that ends that.
    await once(redis, 'ready')
  }
  await Promise.all(queues.map((queue) => redis.set(probeKey(queue), '1', 'EX', probeTtlSeconds)))
}
