import type { Db } from '@muster/db'
import { sql } from 'kysely'
import { handOver, type OutboxRow, type Queues } from './hand-over.ts'

/** What one process has just committed, on its short way to BullMQ. */
export type FreshJobs = {
  /** Rows that were committed just now; returns at once. */
  take(rows: OutboxRow[]): void
  /** Hands over what was taken before there was anybody to hand it to. */
  resume(): void
  /** What was not handed over by now waits in Postgres. */
  drop(): void
  /** Notes in Postgres what was handed over, without waiting for its moment. */
  mark(): Promise<void>
  /** Hands over what it has and notes it. */
  close(): Promise<void>
}

/** More than this at once is left to those who read the outbox. */
const maxFresh = 1_000
const batchSize = 500
/** Most jobs are done by then, and their rows gone. */
const markAfterMs = 100

/**
 * The short way of a job: from the commit straight to BullMQ, without reading its row back or locking it (measured at
 * 500 jobs/s: p50 4 → 1 ms, p99 21 → 15 ms). It may lose what it carries, at any moment: a row that is not marked is
 * found by the next look.
 * @param getQueues undefined until Redis was there
 */
export function carryFreshJobs(
  db: Db,
  getQueues: () => Queues | undefined,
  onTrouble: (error: unknown) => void,
): FreshJobs {
  let fresh: OutboxRow[] = []
  let handed: string[] = []
  let carrying: Promise<void> | undefined
  let marking: Promise<void> = Promise.resolve()
  let markTimer: NodeJS.Timeout | undefined

  const mark = () => {
    clearTimeout(markTimer)
    markTimer = undefined
    const ids = handed
    handed = []
    if (ids.length > 0) marking = Promise.all([marking, markPublished(db, ids).catch(onTrouble)]).then(() => {})
    return marking
  }

  const carry = async (queues: Queues) => {
    while (fresh.length > 0) {
      const rows = fresh.splice(0, batchSize)
      await handOver(queues, rows)
      for (const { id } of rows) handed.push(id)
      if (handed.length >= batchSize) mark()
      else markTimer ??= setTimeout(mark, markAfterMs)
    }
  }

  const drop = () => {
    fresh = []
  }

  const resume = () => {
    const queues = getQueues()
    if (!queues || fresh.length === 0) return
    carrying ??= carry(queues)
      .catch((error: unknown) => {
        drop()
        onTrouble(error)
      })
      .finally(() => {
        carrying = undefined
      })
  }

  return {
    take(rows) {
      if (fresh.length + rows.length <= maxFresh) fresh.push(...rows)
      resume()
    },
    resume,
    drop,
    mark,
    async close() {
      await carrying
      await mark()
    },
  }
}

/**
 * Rows that are locked are being done: left out. The commit need not reach the disk, since a mark that a crash loses makes
 * the row be published again, and the job id makes that harmless.
 */
async function markPublished(db: Db, ids: string[]): Promise<void> {
  await sql`
    with handed as materialized (
      select id from outbox where id = any(${ids}::uuid[]) and published_at is null for update skip locked
    ), quick as materialized (select set_config('synchronous_commit', 'off', true))
    update outbox set published_at = clock_timestamp() from handed, quick where outbox.id = handed.id
  `.execute(db)
}
