import { Queue } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'
import type { QueueName } from './define-job.ts'

/** The braces make one hash slot of a queue's keys, without which its scripts fail on a cluster. */
export const queuePrefix = (queue: QueueName) => `{muster-${queue}}`

const commandTimeoutMs = 2_000
const reconnectDelayMs = (times: number) => Math.min(times * 100, 1_000)

const lastErrors = new WeakMap<Redis, Error>()

/** Why a connection is not ready, which the commands that fail meanwhile do not tell; undefined while it is or first connects. */
export const lastErrorOf = (redis: Redis): Error | undefined => lastErrors.get(redis)

function keepLastError(redis: Redis): Redis {
  redis.on('error', (error: Error) => void lastErrors.set(redis, error))
  redis.on('ready', () => void lastErrors.delete(redis))
  return redis
}

/** A connection that fails at once instead of hoarding commands while Redis is away. */
export function failFastRedis(url: string, options: RedisOptions = {}): Redis {
  return keepLastError(
    new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: commandTimeoutMs,
      connectTimeout: commandTimeoutMs,
      retryStrategy: reconnectDelayMs,
      ...options,
    }),
  )
}

/** A blocking connection as BullMQ's workers need it: it waits for Redis as long as it takes. */
export function workerRedis(url: string): Redis {
  return keepLastError(new Redis(url, { maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs }))
}

/**
 * The producing side of a queue. BullMQ asks the connection for its version once, when the queue is made, and a failure
 * stays: so it is made when the connection is ready.
 * @throws when Redis is away
 */
export async function openQueue(name: QueueName, connection: Redis): Promise<Queue> {
  const queue = new Queue(name, { connection, prefix: queuePrefix(name), skipWaitingForReady: true })
  queue.on('error', () => {})
  await queue.waitUntilReady()
  return queue
}

/**
 * Refuses a Redis that throws keys away when it is full: jobs would vanish. One that can't be asked now is taken at its
 * word, since a worker starts without it too.
 * @throws when the policy is another than `noeviction`
 */
export async function assertNoEviction(url: string): Promise<void> {
  const redis = failFastRedis(url, { lazyConnect: true, retryStrategy: () => null })
  const memory = await redis
    .connect()
    .then(() => redis.info('memory'))
    .catch(() => '')
  redis.disconnect()
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction'
  if (policy !== 'noeviction') {
    throw new Error(`Redis (REDIS_URL) has the eviction policy ${policy}; set \`maxmemory-policy noeviction\`.`)
  }
}
