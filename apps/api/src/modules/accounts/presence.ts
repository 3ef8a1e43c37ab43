import type { Clock, Db } from '@muster/db'
import type { Logger } from '@muster/logger'
import { trackOutage } from '@muster/telemetry'
import type { SafeRedis } from '../../redis.ts'
import * as queries from './presence.queries.ts'

/** Who was here when: to a few seconds in Redis, to a minute in Postgres. */
export type Presence = {
  /** Notes that the person is here now. Waits for nothing and costs one entry of a map. */
  touch(userId: string): void
  /** When these people were last seen, in milliseconds since 1970, as far as Redis knows. */
  lastSeen(userIds: readonly string[]): Promise<Map<string, number>>
  /** Writes what was noted since the last time; otherwise that happens every five seconds. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

/**
 * Somebody counts as online until this long after their last request: a reader who looks at a page for a while has not
 * left. Signing out does not end it earlier.
 */
export const onlineForMs = 5 * 60_000

const flushIntervalMs = 5_000
/** Postgres is told at most this often of one person, whatever the number of instances. */
const writeIntervalMs = 60_000
/** Longer than both intervals: by then Postgres knows. */
const redisSeconds = 600
const perBatch = 1_000
/** Of an outage in which more people came, the rest is not remembered. */
const maxKept = 50_000
/** Milliseconds that a Date can hold. */
const instantShape = /^\d{1,15}$/
const key = (userId: string) => `user:presence:v1:${userId}`

/** Collects presence in this process and writes it in batches: to Redis each time, to Postgres once a minute a person. */
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
  /** Since the last flush. */
  let touched = new Map<string, number>()
  /** Of whom this process told Postgres within the last minute, and when; the longest ago first. */
  const told = new Map<string, number>()

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
    for (const [userId, atMs] of told) {
      if (nowMs - atMs < writeIntervalMs) break
      told.delete(userId)
    }
    const due = seen.filter(([userId]) => !told.has(userId))
    for (let from = 0; from < due.length; from += perBatch) {
      const batch = due.slice(from, from + perBatch)
      await queries.setLastSeen(db, batch, writeIntervalMs)
      for (const [userId] of batch) told.set(userId, nowMs)
    }
  }

  const write = async () => {
    const seen = [...touched]
    touched = new Map()
    await writeToRedis(seen)
    await writeToPostgres(seen).then(outage.succeeded, (error: unknown) => {
      outage.failed(error)
      // The next flush tries again, or a user who came only while Postgres was away would never have been here.
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
