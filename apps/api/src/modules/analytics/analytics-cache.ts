import { analyticsKey, cachedIn, fillCache, takeLease } from '@muster/person-cache'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { readJson } from '../../http/read-json.ts'
import { type Told, told } from './analytics.schema.ts'

/** What is cached, and until when it is true: at the person's midnight another day begins. */
const cachedValue = z.object({ validUntilMs: z.int(), value: told })

const cacheMs = 300_000

/** From the cache while Redis has it, else read; a reading that a change overtakes does not get into the cache. */
export async function throughCache(
  { redis, clock }: Pick<Deps, 'redis' | 'clock'>,
  userId: string,
  read: () => Promise<{ value: Told; endsAt: Date }>,
): Promise<Told> {
  const key = analyticsKey(userId)
  const cached = cachedIn(await redis.attempt((client) => client.get(key), null))
  const known = cached === undefined ? undefined : readJson(cachedValue, cached)
  if (known && clock.now().getTime() < known.validUntilMs) return known.value
  const lease = await redis.attempt((client) => takeLease(client, key), undefined)
  const { value, endsAt } = await read()
  const validUntilMs = endsAt.getTime()
  const ttlMs = Math.min(cacheMs, validUntilMs - clock.now().getTime())
  if (lease && ttlMs > 0) {
    const text = JSON.stringify({ validUntilMs, value } satisfies z.output<typeof cachedValue>)
    await redis.attempt((client) => fillCache(client, lease, text, ttlMs), undefined)
  }
  return value
}
