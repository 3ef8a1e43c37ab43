import { randomUUID } from 'node:crypto'
import type { RedisClient } from '@muster/redis'

/** A random value that Redis loses together with the jobs. When missing or changed, Redis was flushed or replaced. */
const epochKey = 'muster:epoch'

/** Reads the epoch of Redis, or sets one. `isNew` means that this process has set it, so Redis had none. */
export async function readEpoch(redis: RedisClient): Promise<{ epoch: string; isNew: boolean }> {
  const known = await redis.get(epochKey)
  if (known) return { epoch: known, isNew: false }
  const fresh = randomUUID()
  const isNew = (await redis.set(epochKey, fresh, 'NX')) === 'OK'
  return { epoch: isNew ? fresh : ((await redis.get(epochKey)) ?? fresh), isNew }
}

/** Tells whether Redis still has the data that it had when the epoch was read. */
export async function isSameEpoch(redis: RedisClient, epoch: string | undefined): Promise<boolean> {
  return epoch !== undefined && (await redis.get(epochKey)) === epoch
}
