import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'

/** Whoever changed a person's row deletes this key; nothing else is needed to make the next reading ask Postgres. */
export const profileKey = (userId: string) => `user:profile:v1:${userId}`

/** The same for whoever changed a task that is the person's or assigned to them, a reminder of theirs, or their zone. */
export const analyticsKey = (userId: string) => `user:analytics:v1:${userId}`

/**
 * Invalidates the cached analytics of these users, so that the next request reads Postgres. To be registered with
 * `afterCommit` by each function that writes a task, a reminder, or the timezone or organization of a user.
 * @param userIds null stands for a task without an assignee
 */
export async function invalidateAnalytics(
  { redis }: { redis: { drop(key: string): Promise<void> } },
  userIds: Iterable<string | null>,
): Promise<void> {
  const ids = [...new Set(userIds)].filter((id) => id !== null)
  await Promise.all(ids.map((id) => redis.drop(analyticsKey(id))))
}

/** The right to fill a key of the cache, which ends when somebody deletes it. */
export type Lease = { key: string; token: string }

/** Longer than a reading of Postgres may take; a reader that died holds the place no longer than this. */
const leaseMs = 5_000
/** What is cached are JSON objects, so no lease looks like one. */
const leasePrefix = 'lease:'

/** What is cached is text of the caller's, which begins with `{`; undefined when nothing is. */
export const cachedIn = (value: string | null): string | undefined => (value?.startsWith('{') ? value : undefined)

/**
 * Asks to fill the key, before Postgres is read. A reader that was overtaken by a change finds its lease gone with the
 * key, so what it read too early never gets in.
 * @returns undefined when somebody else is filling it
 */
export async function takeLease(redis: Redis, key: string): Promise<Lease | undefined> {
  const token = `${leasePrefix}${randomUUID()}`
  const taken = await redis.set(key, token, 'PX', leaseMs, 'NX')
  return taken ? { key, token } : undefined
}

const fillScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** Puts what was read since the lease was taken into the cache, for so long, unless the lease is gone. */
export async function fillCache(redis: Redis, { key, token }: Lease, value: string, ttlMs: number): Promise<void> {
  await redis.eval(fillScript, 1, key, token, value, ttlMs)
}
