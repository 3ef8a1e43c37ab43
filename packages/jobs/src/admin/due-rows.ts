import type { Db } from '@muster/db'
import { sql } from 'kysely'
import type { QueueName } from '../definitions/define-job.ts'

/** Outbox rows of one queue whose jobs may start now. */
export type DueRows = {
  count: number
  /** The ids of the first of them. */
  ids: readonly string[]
  /** How long ago the first of them was enqueued or became due. */
  oldestMs: number
}

/** Upper bound of the rows that are read, and so of the count of all queues together. */
const maxCounted = 50_000
/** Upper bound of the ids of a queue. With more rows, an error of the count no longer matters. */
const maxIds = 1_000

/**
 * Counts the outbox rows whose jobs may start now, by queue. A queue without any is missing in the result.
 * @param options.isPublishedToo false counts only rows that are not marked as published
 */
export async function readDueRows(
  db: Db,
  { isPublishedToo }: { isPublishedToo: boolean },
): Promise<ReadonlyMap<QueueName, DueRows>> {
  const { rows } = await sql<DueRows & { queue: QueueName }>`
    select queue, count(*)::int as count,
      (array_agg(id order by id))[1:${sql.lit(isPublishedToo ? 0 : maxIds)}] as ids,
      round(extract(epoch from clock_timestamp() - min(due_at)) * 1000)::float8 as "oldestMs"
    from (
      select id, queue, greatest(created_at, run_at) as due_at from outbox
      where failed_at is null ${isPublishedToo ? sql`` : sql`and published_at is null order by id`} limit ${sql.lit(maxCounted)}
    ) undone
    where due_at <= clock_timestamp()
    group by queue`.execute(db)
  return new Map(rows.map(({ queue, ...due }) => [queue, due]))
}
