import { Redis, type RedisOptions } from 'ioredis'

const commandTimeoutMs = 2_000
const reconnectDelayMs = (times: number) => Math.min(times * 100, 1_000)

const lastErrors = new WeakMap<Redis, Error>()

/**
 * Returns why a connection is not ready, because the errors of failing commands do not contain the reason; undefined
 * while it is ready or connects for the first time.
 */
export const lastErrorOf = (redis: Redis): Error | undefined => lastErrors.get(redis)

function keepLastError(redis: Redis): Redis {
  redis.on('error', (error: Error) => void lastErrors.set(redis, error))
  redis.on('ready', () => void lastErrors.delete(redis))
  return redis
}

/** Opens a connection whose commands fail at once while Redis is unavailable, instead of waiting in memory. */
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

/** Opens a blocking connection, which BullMQ's workers need: its commands wait for Redis without a limit. */
export function workerRedis(url: string): Redis {
  return keepLastError(new Redis(url, { maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs }))
}
