import type { RedisClient } from '@muster/redis'
import { Queue } from 'bullmq'
import type { QueueName } from '../definitions/define-job.ts'
import { queuePrefix } from './queue-prefix.ts'

export { queuePrefix } from './queue-prefix.ts'

/**
 * Opens the producing side of a queue. BullMQ asks the connection for Redis' version once, when the queue is created, and
 * never again if that fails: call it only while the connection is ready.
 * @throws when Redis is unavailable
 */
export async function openQueue(name: QueueName, connection: RedisClient): Promise<Queue> {
  const queue = new Queue(name, { connection, prefix: queuePrefix(name), skipWaitingForReady: true })
  queue.on('error', () => {})
  await queue.waitUntilReady()
  return queue
}
