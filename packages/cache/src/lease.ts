import { randomUUID } from 'node:crypto'
import type { RedisClient } from '@muster/redis'

/** The right to fill a key. It ends when the key is deleted. */
export type Lease = { key: string; token: string }

/** Longer than a read of Postgres may take. A reader that died blocks other readers from filling the key no longer than this. */
const leaseMs = 5_000
/** Cached values are JSON objects, so no value looks like a lease. */
const leasePrefix = 'lease:'

/** Returns the cached text; undefined when the key is empty or holds a lease. */
export const cachedText = (value: string | null): string | undefined => (value?.startsWith('{') ? value : undefined)

/**
 * Takes the lease of an empty key. It is taken before Postgres is read: an invalidation in between deletes the lease with
 * the key, so a value that was read too early is never cached.
 * @returns undefined when another reader holds the lease
 */
export async function takeLease(redis: RedisClient, key: string): Promise<Lease | undefined> {
  const token = `${leasePrefix}${randomUUID()}`
  const taken = await redis.set(key, token, 'PX', leaseMs, 'NX')
  return taken ? { key, token } : undefined
}

const fillScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** Writes the value under the key for `ttlMs`, unless the lease is gone. */
export async function fill(redis: RedisClient, { key, token }: Lease, value: string, ttlMs: number): Promise<void> {
  await redis.eval(fillScript, 1, key, token, value, ttlMs)
}
