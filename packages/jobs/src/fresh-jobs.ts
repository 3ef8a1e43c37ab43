import type { Clock, Db } from '@muster/db'
import { sql } from 'kysely'
import { handOver, maxBatch, type OutboxRow, type Queues } from './hand-over.ts'

/** What one process has just committed, on its short way to BullMQ. */
export type FreshJobs = {
  /** Rows that were committed just now; returns at once. */
  take(rows: OutboxRow[]): void
  /** Redis is there: hands over what was taken before that. */
  resume(): void
  /** Redis went away: what was not handed over by now waits in Postgres. */
  drop(): void
  /** Redis lost what it was given: none of it is marked any more once the promise has settled. */
  forget(): Promise<void>
  /** Hands over what it has and marks it. */
  close(): Promise<void>
}

type FreshJobsOptions = {
  db: Db
  clock: Clock
  /** Undefined until Redis was there for the first time. */
  getQueues: () => Queues | undefined
  /** Whether Redis still has the memory that it had when this process last looked. */
  isSameRedis: () => Promise<boolean>
  onTrouble: (error: unknown) => void
  onPublished: () => void
}

/** More than this at once is left to those who read the outbox. */
const maxFresh = 1_000
/** Most jobs are done by then, and their rows gone. */
const markAfterMs = 100
/** Rows younger than this are most likely on their short way, or about to be marked. */
export const freshMs = 3 * markAfterMs

/**
 * The short way of a job: from the commit straight to BullMQ, without reading its row back or locking it (measured at
 * 500 jobs/s: p50 4 → 1 ms, p99 21 → 15 ms). It may lose what it carries, at any moment: a row that is not marked as
 * published is found by the next look.
 */
export function createFreshJobs({
  db,
  clock,
  getQueues,
  isSameRedis,
  onTrouble,
  onPublished,
}: FreshJobsOptions): FreshJobs {
  let taken: OutboxRow[] = []
  let handedOver: string[] = []
  let losses = 0
  let isInTrouble = false
  let carrying: Promise<void> | undefined
  let marking: Promise<void> = Promise.resolve()
  let markTimer: NodeJS.Timeout | undefined

  const mark = () => {
    clearTimeout(markTimer)
    markTimer = undefined
    const ids = handedOver
    handedOver = []
    const lossesBefore = losses
    const markThese = async () => {
      if (ids.length > 0 && (await isSameRedis()) && losses === lossesBefore) await markPublished(db, ids)
    }
    marking = Promise.all([marking, markThese().catch(onTrouble)]).then(() => {})
    return marking
  }

  const carry = async (queues: Queues) => {
    try {
      while (taken.length > 0) {
        const rows = taken.splice(0, maxBatch)
        const lossesBefore = losses
        await handOver(queues, rows, clock)
        onPublished()
        if (losses > lossesBefore) continue
        handedOver.push(...rows.map(({ id }) => id))
        if (handedOver.length >= maxBatch) mark()
        else markTimer ??= setTimeout(mark, markAfterMs)
      }
    } catch (error) {
      // Until a look gets through, each further attempt would only fail and say so again.
      isInTrouble = true
      taken = []
      onTrouble(error)
    } finally {
      carrying = undefined
    }
  }

  const go = () => {
    const queues = getQueues()
    if (queues && taken.length > 0) carrying ??= carry(queues)
  }

  return {
    take(rows) {
      if (isInTrouble || taken.length + rows.length > maxFresh) return
      taken.push(...rows)
      go()
    },
    resume() {
      isInTrouble = false
      go()
    },
    drop() {
      taken = []
    },
    forget() {
      losses++
      handedOver = []
      return marking
    },
    async close() {
      await carrying
      await mark()
    },
  }
}

/** Rows that are locked are being done: left out. As in a look, the commit need not reach the disk. */
async function markPublished(db: Db, ids: string[]): Promise<void> {
  await sql`
    with handed_over as materialized (
      select id from outbox where id = any(${ids}::uuid[]) and published_at is null and failed_at is null
      for update skip locked
    ), quick as materialized (select set_config('synchronous_commit', 'off', true))
    update outbox set published_at = clock_timestamp() from handed_over, quick where outbox.id = handed_over.id
  `.execute(db)
}
