import type { Clock, Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { SafeRedis } from '../../redis.ts'
import * as queries from './presence.queries.ts'

/** When users were last seen: to a few seconds in Redis, to a minute in Postgres. */
export type Presence = {
  /** Notes that the user is online now. Synchronous, and costs one entry of a map. */
  touch(userId: string): void
  /** Reads from Redis when these users were last seen, in ms since 1970. Users whom Redis does not know are left out. */
  lastSeen(userIds: readonly string[]): Promise<Map<string, number>>
  /** Flushes the presence noted since the last flush, without waiting for the timer of 5 s. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

/**
 * How long after their last request a user counts as online: a reader may look at one page for a while. Signing out does
 * not end it earlier.
 */
export const onlineForMs = 5 * 60_000

const flushIntervalMs = 5_000
/** Minimum time between two writes to Postgres for one user, over all instances. */
const writeIntervalMs = 60_000
/** Lifetime of a key. Longer than both intervals, so Postgres has the time before the key expires. */
const redisSeconds = 600
const perBatch = 1_000
/** Upper bound of users remembered while Postgres is unavailable; others are lost. */
const maxKept = 50_000
/** Milliseconds within the range of a Date. */
const instantShape = /^\d{1,15}$/
const key = (userId: string) => `user:presence:v1:${userId}`

/** Collects presence in this process and writes it in batches: to Redis at each flush, to Postgres once a minute per user. */
export function startPresence({
  db,
  redis,
  clock,
  log,
}: {
  db: Db
  redis: SafeRedis
  clock: Clock
  log: Logger
}): Presence {
  /** Users seen since the last flush, with the time in ms. */
  let touched = new Map<string, number>()
  /** Users whom this process wrote to Postgres within the last minute, with the time in ms, oldest first. */
  const written = new Map<string, number>()

  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'presence' },
    down: 'presence not written',
    up: 'presence written again',
  })

  const writeToRedis = async (seen: [string, number][]) => {
    const command = ([userId, atMs]: [string, number]) =>
      redis.attempt((client) => client.set(key(userId), atMs, 'EX', redisSeconds), null)
    for (let from = 0; from < seen.length; from += perBatch) {
      await Promise.all(seen.slice(from, from + perBatch).map(command))
    }
  }

  const writeToPostgres = async (seen: [string, number][]) => {
    const nowMs = clock.now().getTime()
    for (const [userId, atMs] of written) {
      if (nowMs - atMs < writeIntervalMs) break
      written.delete(userId)
    }
    const due = seen.filter(([userId]) => !written.has(userId))
    for (let from = 0; from < due.length; from += perBatch) {
      const batch = due.slice(from, from + perBatch)
      await queries.setLastSeen(db, batch, writeIntervalMs)
      for (const [userId] of batch) written.set(userId, nowMs)
    }
  }

  const write = async () => {
    const seen = [...touched]
    touched = new Map()
    await writeToRedis(seen)
    await writeToPostgres(seen).then(outage.succeeded, (error: unknown) => {
      outage.failed(error)
      // The next flush retries, or a user seen only while Postgres was unavailable would never count as seen.
      for (const [userId, atMs] of seen.slice(0, maxKept - touched.size))
        if (!touched.has(userId)) touched.set(userId, atMs)
    })
  }

  let writing = Promise.resolve()
  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const timer = setInterval(() => void flush(), flushIntervalMs)

  return {
    touch: (userId) => void touched.set(userId, clock.now().getTime()),
    lastSeen: async (userIds) => {
      const found = await Promise.all(userIds.map((id) => redis.attempt((client) => client.get(key(id)), null)))
      return new Map(
        userIds.flatMap((id, index) => (instantShape.test(found[index] ?? '') ? [[id, Number(found[index])]] : [])),
      )
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
