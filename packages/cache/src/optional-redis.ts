import type { Redis } from 'ioredis'

/** Redis as the cache uses it: what it holds helps, and no caller fails without it. */
export type OptionalRedis = {
  /** Runs the command; returns the fallback while Redis is unavailable. Never rejects. */
  attempt<T>(command: (redis: Redis) => Promise<T>, fallback: T): Promise<T>
}
