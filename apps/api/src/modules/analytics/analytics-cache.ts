import { analyticsKey, cachedIn, fillCache, takeLease } from '@muster/person-cache'
import type { Deps } from '../../deps.ts'

type Droppable = { redis: Pick<Deps['redis'], 'drop'> }

/**
 * The next reading of these people's analytics asks Postgres. Follows every commit that changes a task which is theirs
 * or assigned to them, a reminder of theirs, or their zone.
 */
export async function dropAnalytics({ redis }: Droppable, userIds: Iterable<string | null>): Promise<void> {
  const people = [...new Set(userIds)].filter((id) => id !== null)
  await Promise.all(people.map((id) => redis.drop(analyticsKey(id))))
}

/** What is cached, and until when it is true: at the person's midnight another day begins. */
type Cached<T> = { validUntilMs: number; value: T }

const cacheMs = 300_000

/** From the cache while Redis has it, else read; a reading that a change overtakes does not get into the cache. */
export async function throughCache<T>(
  { redis, clock }: Pick<Deps, 'redis' | 'clock'>,
  userId: string,
  read: () => Promise<{ value: T; endsAt: Date }>,
): Promise<T> {
  const key = analyticsKey(userId)
  const cached = cachedIn(await redis.attempt((client) => client.get(key), null))
  if (cached) {
    const { validUntilMs, value } = JSON.parse(cached) as Cached<T>
    if (clock.now().getTime() < validUntilMs) return value
  }
  const lease = await redis.attempt((client) => takeLease(client, key), undefined)
  const { value, endsAt } = await read()
  const validUntilMs = endsAt.getTime()
  const ttlMs = Math.min(cacheMs, validUntilMs - clock.now().getTime())
  if (lease && ttlMs > 0) {
    const text = JSON.stringify({ validUntilMs, value } satisfies Cached<T>)
    await redis.attempt((client) => fillCache(client, lease, text, ttlMs), undefined)
  }
  return value
}
