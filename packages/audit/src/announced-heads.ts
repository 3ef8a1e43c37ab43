import type { Redis } from 'ioredis'
import { formatHead, parseHead, type SignedHead } from './signed-head.ts'

const key = 'muster:audit:heads'
const keptHeads = 100

/**
 * Keeps an announced head in Redis, out of reach of whoever can only write to Postgres. Sorted by their place in the
 * chain, so that of several workers none can put an older one in front.
 */
export async function keepAnnouncedHead(redis: Redis, head: SignedHead): Promise<void> {
  await redis.zadd(key, head.seq, formatHead(head))
  await redis.zremrangebyrank(key, 0, -keptHeads - 1)
}

/** The last heads that were announced, the newest last. What is none is left out. */
export async function readAnnouncedHeads(redis: Redis): Promise<SignedHead[]> {
  const kept = await redis.zrange(key, 0, '-1')
  return kept.map(parseHead).filter((head) => head !== undefined)
}
