import type { RedisClient } from '@muster/redis'

/** A Redis that callers can do without: a failed command returns a fallback. */
export type OptionalRedis = {
  /** Runs the command; returns the fallback while Redis is unavailable. Never rejects. */
  attempt<T>(command: (redis: RedisClient) => Promise<T>, fallback: T): Promise<T>
}
