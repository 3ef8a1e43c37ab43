import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from './connection.ts'
import { RedisRefusal } from './refusal.ts'

/**
 * Refuses a Redis that evicts keys when its memory is full: jobs would vanish. On a cluster each master that responds is asked.
 * @throws when the eviction policy is not `noeviction`
 */
export async function assertNoEviction(redis: RedisClient): Promise<void> {
  const policies = await Promise.allSettled(mastersOf(redis).map(readPolicy))
  const found = policies.find((read) => read.status === 'fulfilled' && read.value.policy !== 'noeviction')
  if (found?.status !== 'fulfilled') return
  const { policy, where } = found.value
  throw new RedisRefusal(
    `Redis (REDIS_URL)${where} has the eviction policy ${policy}; set \`maxmemory-policy noeviction\`.`,
  )
}

/** Lists the connections to every server that takes writes. */
export const mastersOf = (redis: RedisClient): Redis[] => (redis instanceof Cluster ? redis.nodes('master') : [redis])

async function readPolicy(redis: Redis): Promise<{ policy: string; where: string }> {
  const memory = await redis.info('memory')
  return {
    policy: /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction',
    where: redis.options.sentinels ? '' : ` at ${redis.options.host}:${redis.options.port}`,
  }
}
