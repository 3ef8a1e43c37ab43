import type { RedisClient } from '@muster/redis'
import { formatHead, parseHead, type SignedHead } from './signed-head.ts'

const key = 'muster:audit:heads'
const keptHeads = 100

/**
 * Stores an announced head in Redis, where an intruder who can only write to Postgres cannot change it. Heads are sorted by sequence,
 * so that a slower worker does not make an older head the newest.
 */
export async function keepAnnouncedHead(redis: RedisClient, head: SignedHead): Promise<void> {
  await redis.zadd(key, head.seq, formatHead(head))
  await redis.zremrangebyrank(key, 0, -keptHeads - 1)
}

/** Reads the last announced heads, newest last. Malformed entries are skipped. */
export async function readAnnouncedHeads(redis: RedisClient): Promise<SignedHead[]> {
  const kept = await redis.zrange(key, 0, '-1')
  return kept.map(parseHead).filter((head) => head !== undefined)
}
