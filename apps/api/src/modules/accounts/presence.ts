import type { Clock, Db } from '@muster/db'
import type { Publisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import { noteRequests, type PresenceRecord, readRecords } from '@muster/presence'
import { trackOutage } from '@muster/telemetry'
import type { SafeRedis } from '../../redis.ts'
import * as queries from './presence.queries.ts'

export { findVisiblePresence } from './presence.queries.ts'

/** When users were last seen: to a few seconds in Redis, to a minute in Postgres. */
export type Presence = {
  /** Notes a request of the user. Synchronous, and costs one entry of a map. */
  touch(userId: string): void
  /** Notes for Postgres that a socket of the user was heard; Redis has a lease for that. */
  noteHeard(userId: string, atMs: number): void
  /** Reads what Redis knows of these users. Users of whom it knows nothing are left out. Returns null while Redis is unavailable. */
  read(userIds: readonly string[]): Promise<ReadonlyMap<string, PresenceRecord> | null>
  /** Flushes the presence noted since the last flush, without waiting for the timer of 5 s. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

const flushIntervalMs = 5_000
/** Minimum time between two writes to Postgres for one user, over all instances. */
const writeIntervalMs = 60_000
const perBatch = 1_000
/** Upper bound of users remembered while Postgres is unavailable; others are lost. */
const maxKept = 50_000

/** Collects presence in this process and writes it in batches: to Redis at each flush, to Postgres once a minute per user. */
export function startPresence({
  db,
  redis,
  publisher,
  clock,
  log,
}: {
  db: Db
  redis: SafeRedis
  publisher: Pick<Publisher, 'signal'>
  clock: Clock
  log: Logger
}): Presence {
  /** Users whose requests came since the last flush, with the time in ms. */
  let requested = new Map<string, number>()
  /** Users seen since the last flush, with the time in ms. */
  let seen = new Map<string, number>()
  /** Users whom this process wrote to Postgres within the last minute, with the time in ms, oldest first. */
  const written = new Map<string, number>()

  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'presence' },
    down: 'presence not written',
    up: 'presence written again',
  })

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
    const requests = [...requested]
    const due = [...seen]
    requested = new Map()
    seen = new Map()
    const arrived = await noteRequests(redis, requests)
    publisher.signal(arrived.map((userId) => ({ room: `user:${userId}`, event: 'presence', userId })))
    await writeToPostgres(due).then(outage.succeeded, (error: unknown) => {
      outage.failed(error)
      // The next flush retries, or a user seen only while Postgres was unavailable would never count as seen.
      for (const [userId, atMs] of due.slice(0, maxKept - seen.size)) if (!seen.has(userId)) seen.set(userId, atMs)
    })
  }

  let writing = Promise.resolve()
  const flush = () => {
    writing = writing.then(write)
    return writing
  }
  const timer = setInterval(() => void flush(), flushIntervalMs)

  return {
    touch(userId) {
      const nowMs = clock.now().getTime()
      requested.set(userId, nowMs)
      seen.set(userId, nowMs)
    },
    noteHeard: (userId, atMs) => void seen.set(userId, Math.max(atMs, seen.get(userId) ?? 0)),
    read: (userIds) => readRecords(redis, userIds),
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
