import { Cluster, type Redis } from 'ioredis'
import { failFastRedis, type RedisClient } from './connection.ts'
import type { RedisSettings } from './settings/settings.ts'

/**
 * Refuses a Redis that evicts keys when its memory is full: jobs would vanish. On a cluster each master is asked. A Redis
 * that does not respond passes, since every process starts without it.
 * @throws when the eviction policy is not `noeviction`
 */
export async function assertNoEviction(settings: RedisSettings): Promise<void> {
  const redis = failFastRedis(settings, { lazyConnect: true, reconnects: false })
  const policies = await redis
    .connect()
    .then(() => Promise.all(mastersOf(redis).map(readPolicy)))
    .catch(() => [])
  redis.disconnect()
  const policy = policies.find((each) => each !== 'noeviction')
  if (policy)
    throw new Error(`Redis (REDIS_URL) has the eviction policy ${policy}; set \`maxmemory-policy noeviction\`.`)
}

const mastersOf = (redis: RedisClient): Redis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis])

async function readPolicy(redis: Redis): Promise<string> {
  const memory = await redis.info('memory')
  return /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction'
}
