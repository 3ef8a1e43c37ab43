import type { OptionalRedis } from '@muster/cache'
import type { RedisClient } from '@muster/redis'
import { leaseMs, leaseOf, marks, type PresenceRecord, parseRecord } from './record.ts'

/** Longer than anything counts, so that Postgres has the time before the key expires. */
const keptMs = 600_000
/** The commands of one tick go to Redis together; more at once would delay those of requests. */
const perBatch = 200

const key = (userId: string) => `user:presence:v2:${userId}`
/** Reads the members of a record; none of a key that holds something else. */
const membersOf = (redis: RedisClient, userId: string): Promise<string[]> =>
  redis.zrange(key(userId), 0, '-1', 'WITHSCORES').catch((error: unknown) => {
    if (isWrongType(error)) return []
    throw error
  })
/** Whether a key holds another type of value. That is no failure of Redis, for which all others would go without it. */
const isWrongType = (error: unknown) => error instanceof Error && error.message.startsWith('WRONGTYPE')

/** A user with a time in ms since 1970. */
type At = readonly [userId: string, atMs: number]

/** Reads what Redis knows of users. Users of whom it knows nothing are left out. @returns null while Redis is unavailable */
export async function readRecords(
  { attempt }: OptionalRedis,
  userIds: readonly string[],
): Promise<Map<string, PresenceRecord> | null> {
  const records = new Map<string, PresenceRecord>()
  for (const batch of batchesOf([...new Set(userIds)])) {
    const found = await Promise.all(batch.map((userId) => attempt((redis) => membersOf(redis, userId), null)))
    for (const [index, members] of found.entries()) {
      if (members === null) return null
      const record = parseRecord(members)
      if (record) records.set(batch[index] as string, record)
    }
  }
  return records
}

/** Notes requests of users. @returns the users who were offline before, as far as Redis responded */
export const noteRequests = (redis: OptionalRedis, requests: readonly At[]): Promise<string[]> =>
  raiseScores(redis, requests, { member: marks.request, scoreOf: (atMs) => atMs })

/**
 * Renews the leases of users with sockets on an instance.
 * @param heard when the sockets of each user were last heard
 * @returns the users who were offline before, as far as Redis responded
 */
export const renewLeases = (redis: OptionalRedis, instanceId: string, heard: readonly At[]): Promise<string[]> =>
  raiseScores(redis, heard, { member: leaseOf(instanceId), scoreOf: (atMs) => atMs + leaseMs })

/** Notes that the last socket of a user on an instance was closed by its client. */
export async function noteClose({ attempt }: OptionalRedis, instanceId: string, [userId, atMs]: At): Promise<void> {
  await attempt(
    (redis) =>
      replacing(redis, userId, [
        redis.zrem(key(userId), leaseOf(instanceId)),
        redis.zadd(key(userId), 'GT', atMs, marks.closed),
        redis.pexpire(key(userId), keptMs),
      ]),
    undefined,
  )
}

/** Raises the score of a member in the records of users: a late command does not lower it. Members that are long over are removed. */
async function raiseScores(
  { attempt }: OptionalRedis,
  entries: readonly At[],
  { member, scoreOf }: { member: string; scoreOf(atMs: number): number },
): Promise<string[]> {
  const raise = async (redis: RedisClient, [userId, atMs]: At) => {
    const [before] = await Promise.all([
      membersOf(redis, userId),
      replacing(redis, userId, [
        redis.zremrangebyscore(key(userId), 0, atMs - keptMs),
        redis.zadd(key(userId), 'GT', scoreOf(atMs), member),
        redis.pexpire(key(userId), keptMs),
      ]),
    ])
    return (parseRecord(before)?.onlineUntilMs ?? 0) <= atMs
  }
  const arrived: string[] = []
  for (const batch of batchesOf(entries)) {
    const wasOffline = await Promise.all(batch.map((entry) => attempt((redis) => raise(redis, entry), false)))
    arrived.push(...batch.flatMap(([userId], index) => (wasOffline[index] ? [userId] : [])))
  }
  return arrived
}

/** Waits for commands. A key that holds something else is deleted, so that the next ones succeed. */
async function replacing(redis: RedisClient, userId: string, commands: readonly Promise<unknown>[]): Promise<void> {
  try {
    await Promise.all(commands)
  } catch (error) {
    if (!isWrongType(error)) throw error
    await redis.del(key(userId))
  }
}

function* batchesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += perBatch) yield items.slice(from, from + perBatch)
}
