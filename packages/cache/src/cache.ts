import type { Logger } from '@muster/logger'
import { readJson } from '@muster/text'
import type { z } from 'zod'
import { cachedText, fill, takeLease } from './lease.ts'
import type { OptionalRedis } from './optional-redis.ts'
import { startInvalidation } from './start-invalidation.ts'

/** The kinds of cached data. */
export type CacheName = 'profile' | 'analytics'
/** `error`: Redis did not answer. */
export type CacheResult = 'hit' | 'miss' | 'error'

/** Stands for the answer of a Redis that is unavailable. */
const unavailable = Symbol('unavailable')

/** A value that may be cached. */
export type Cached<S extends z.ZodType> = {
  /** The name of these values in metrics. */
  name: CacheName
  /** The schema of the cached value. A text that does not match, for example of another release, counts as missing. */
  schema: S
  /** How long the value may still be served, in milliseconds. A cached value with 0 or less left counts as missing. */
  ttlMs: (value: z.output<S>) => number
  /** Reads the value from Postgres. */
  read: () => Promise<z.output<S>>
  /** Reads a missing value elsewhere, where it may be older than the last invalidation, so that it is not cached; undefined leaves it to `read`. */
  readUncached?: () => Promise<z.output<S> | undefined>
}

export type Cache = {
  /**
   * Returns the cached value, or reads it and fills the cache (cache-aside). A value that was read before an invalidation is
   * returned but not cached. While Redis is unavailable every call reads.
   * @throws what `read` throws
   */
  through<S extends z.ZodType>(key: string, cached: Cached<S>): Promise<z.output<S>>
  /**
   * Deletes the keys, so that the next call of `through` reads. Runs after the commit of a change. Keys that Redis did not
   * delete are deleted when it is available again. Never rejects.
   */
  invalidate(keys: Iterable<string>): Promise<void>
  /** Retries pending invalidations once more. @returns the number of keys that stay cached until they expire; logged as well */
  close(): Promise<number>
}

type CacheOptions = { redis: OptionalRedis; log: Logger; onRead?: (name: CacheName, result: CacheResult) => void }

/** Creates the cache on a given Redis connection, whose owner sets the time limit of commands. */
export function createCache({ redis, log, onRead = () => {} }: CacheOptions): Cache {
  const invalidation = startInvalidation({ redis, log })
  return {
    async through(key, { name, schema, ttlMs, read, readUncached }) {
      const stored = await redis.attempt<string | null | typeof unavailable>((client) => client.get(key), unavailable)
      const text = stored === unavailable ? undefined : cachedText(stored)
      const known = text === undefined ? undefined : readJson(schema, text)
      const isHit = known !== undefined && ttlMs(known) > 0
      onRead(name, isHit ? 'hit' : stored === unavailable ? 'error' : 'miss')
      if (isHit) return known
      const uncached = await readUncached?.()
      if (uncached !== undefined) return uncached
      const lease = await redis.attempt((client) => takeLease(client, key), undefined)
      const value = await read()
      const leftMs = ttlMs(value)
      if (lease && leftMs > 0)
        await redis.attempt((client) => fill(client, lease, JSON.stringify(value), leftMs), undefined)
      return value
    },
    invalidate: invalidation.invalidate,
    close: invalidation.close,
  }
}
