import { failFastRedis } from './connection.ts'

/**
 * Refuses a Redis that evicts keys when its memory is full: jobs would vanish. A Redis that does not respond passes, since
 * every process starts without it.
 * @throws when the eviction policy is not `noeviction`
 */
export async function assertNoEviction(url: string): Promise<void> {
  const redis = failFastRedis(url, { lazyConnect: true, retryStrategy: () => null })
  const memory = await redis
    .connect()
    .then(() => redis.info('memory'))
    .catch(() => '')
  redis.disconnect()
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction'
  if (policy !== 'noeviction') {
    throw new Error(`Redis (REDIS_URL) has the eviction policy ${policy}; set \`maxmemory-policy noeviction\`.`)
  }
}
