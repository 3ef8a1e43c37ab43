import type { Clock, Db } from '@muster/db'
import { sql } from 'kysely'
import type { OutboxRow } from './effects.ts'
import { maxBatch, publish, type Queues } from './publish.ts'

/** Publishes the rows that this process has just committed. */
export type FastPath = {
  /** Publishes rows that were committed just now; returns at once. */
  push(rows: OutboxRow[]): void
  /** Publishes the rows that wait in memory; called when Redis is available. */
  resume(): void
  /** Discards the rows that wait in memory; called when Redis becomes unavailable. They are pending in Postgres. */
  clear(): void
  /** Resets the list of published rows; called when Redis lost its data. After it resolves, no such row is marked. */
  reset(): Promise<void>
  /** Publishes the rows that wait in memory and marks them. */
  close(): Promise<void>
}

type FastPathOptions = {
  db: Db
  clock: Clock
  /** Undefined until Redis is available for the first time. */
  getQueues: () => Queues | undefined
  /** Whether Redis has the same data as at the last poll of this process. */
  isSameRedis: () => Promise<boolean>
  onFailed: (error: unknown) => void
  onPublished: () => void
}

/** Rows beyond this number are left to the slow path. */
const maxWaiting = 1_000
/** Most jobs are done by then, and their rows deleted. */
const markAfterMs = 100
/** Rows younger than this are most likely on the fast path, or about to be marked: the slow path skips them. */
export const fastPathMs = 3 * markAfterMs

/**
 * Creates the fast path: from the commit straight to BullMQ, without reading the row back or locking it (measured at
 * 500 jobs/s: p50 4 → 1 ms, p99 21 → 15 ms). It may lose rows at any moment: the next poll finds a row that is not marked as
 * published.
 */
export function createFastPath({
  db,
  clock,
  getQueues,
  isSameRedis,
  onFailed,
  onPublished,
}: FastPathOptions): FastPath {
  let waiting: OutboxRow[] = []
  let publishedIds: string[] = []
  let resets = 0
  let isFailing = false
  let publishing: Promise<void> | undefined
  let marking: Promise<void> = Promise.resolve()
  let markTimer: NodeJS.Timeout | undefined

  const mark = () => {
    clearTimeout(markTimer)
    markTimer = undefined
    const ids = publishedIds
    publishedIds = []
    const resetsBefore = resets
    const markThese = async () => {
      if (ids.length > 0 && (await isSameRedis()) && resets === resetsBefore) await markPublished(db, ids)
    }
    marking = Promise.all([marking, markThese().catch(onFailed)]).then(() => {})
    return marking
  }

  const publishWaiting = async (queues: Queues) => {
    try {
      while (waiting.length > 0) {
        const rows = waiting.splice(0, maxBatch)
        const resetsBefore = resets
        await publish(queues, rows, clock)
        onPublished()
        if (resets > resetsBefore) continue
        publishedIds.push(...rows.map(({ id }) => id))
        if (publishedIds.length >= maxBatch) mark()
        else markTimer ??= setTimeout(mark, markAfterMs)
      }
    } catch (error) {
      // Until a poll succeeds, each further attempt would only fail and log the same error.
      isFailing = true
      waiting = []
      onFailed(error)
    } finally {
      publishing = undefined
    }
  }

  const start = () => {
    const queues = getQueues()
    if (queues && waiting.length > 0) publishing ??= publishWaiting(queues)
  }

  return {
    push(rows) {
      if (isFailing || waiting.length + rows.length > maxWaiting) return
      waiting.push(...rows)
      start()
    },
    resume() {
      isFailing = false
      start()
    },
    clear() {
      waiting = []
    },
    reset() {
      resets++
      publishedIds = []
      return marking
    },
    async close() {
      await publishing
      await mark()
    },
  }
}

/** Skips locked rows: their jobs are being processed. As on the slow path, the commit need not reach the disk. */
async function markPublished(db: Db, ids: string[]): Promise<void> {
  await sql`
    with just_published as materialized (
      select id from outbox where id = any(${ids}::uuid[]) and published_at is null and failed_at is null
      for update skip locked
    ), quick as materialized (select set_config('synchronous_commit', 'off', true))
    update outbox set published_at = clock_timestamp() from just_published, quick where outbox.id = just_published.id
  `.execute(db)
}
