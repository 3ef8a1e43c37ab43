import type { RedisClient } from './connection.ts'
import { RedisRefusal } from './refusal.ts'

/** Holds the id of the installation whose jobs, counters and caches Redis has. */
const ownerKey = 'muster:installation'

/** Tells that Redis belongs to another installation. Two that share it would take each other's jobs. */
export class ForeignRedisError extends RedisRefusal {
  readonly code = 'FOREIGN_INSTALLATION'

  constructor(owner: string, own: string) {
    super(
      `Redis (REDIS_URL) belongs to the installation ${owner}, and this database is that of ${own}. Set another Redis or another ` +
        'database number in REDIS_URL; when the other installation is gone, run `muster redis claim`.',
    )
  }
}

/** Reads the id of the installation that Redis belongs to; undefined when it belongs to none. */
export const readRedisOwner = async (redis: RedisClient): Promise<string | undefined> =>
  (await redis.get(ownerKey)) ?? undefined

/**
 * Claims Redis for an installation, unless it belongs to one: it is new, or was flushed.
 * @throws ForeignRedisError when it belongs to another one
 */
export async function claimRedis(redis: RedisClient, installationId: string): Promise<void> {
  const owner = (await redis.get(ownerKey)) ?? (await takeFree(redis, installationId))
  if (owner !== installationId) throw new ForeignRedisError(owner, installationId)
}

/** Makes Redis belong to an installation, whoever had it. @returns the installation that had it; undefined when none did */
export async function seizeRedis(redis: RedisClient, installationId: string): Promise<string | undefined> {
  const owner = await readRedisOwner(redis)
  await redis.set(ownerKey, installationId)
  return owner
}

async function takeFree(redis: RedisClient, installationId: string): Promise<string> {
  const isTaken = (await redis.set(ownerKey, installationId, 'NX')) !== null
  return isTaken ? installationId : ((await redis.get(ownerKey)) ?? installationId)
}
