import type { Db } from '@muster/db'
import { sql } from 'kysely'
import { type QueueName, queueNames } from '../definitions/define-job.ts'

/** An outbox row that is pending this long shows that no publisher works. */
export const outboxBehindMs = 60_000

/** Upper bound of the count. */
const maxCounted = 1_000

/**
 * Counts the outbox rows that are not marked as published, at most 1000, and measures the age of the oldest. Rows of the
 * last moments count even when BullMQ has their jobs: they are marked a little later.
 */
export async function readOutboxState(db: Db): Promise<{ pending: number; oldestMs: number }> {
  const { rows } = await sql<{ pending: number; oldestMs: number }>`
    select count(*)::int as pending,
      coalesce(extract(epoch from clock_timestamp() - min(created_at)) * 1000, 0)::float8 as "oldestMs"
    from (
      select created_at from outbox where published_at is null and failed_at is null order by id limit ${maxCounted}
    ) pending_rows`.execute(db)
  const { pending = 0, oldestMs = 0 } = rows[0] ?? {}
  return { pending, oldestMs: Math.max(0, Math.round(oldestMs)) }
}

/** Outbox rows of one queue. */
export type QueueOutbox = {
  /** Rows that are not marked as published. */
  pending: number
  /** The age of the oldest of them, in seconds; 0 without any. */
  oldestSeconds: number
  /** Rows of failed jobs. */
  failed: number
}

/** Upper bound of the rows that are read for one number of all queues. */
const maxCountedByQueue = 50_000

/** Counts the outbox rows of each queue, up to 50,000 of a kind in all. */
export async function readOutboxByQueue(db: Db): Promise<Record<QueueName, QueueOutbox>> {
  const { rows } = await sql<QueueOutbox & { queue: QueueName }>`
    select queue, count(*) filter (where not is_failed)::int as pending, count(*) filter (where is_failed)::int as failed,
      coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where not is_failed)), 0)::float8 as "oldestSeconds"
    from (
      (select queue, created_at, false as is_failed from outbox
        where published_at is null and failed_at is null order by id limit ${sql.lit(maxCountedByQueue)})
      union all
      (select queue, created_at, true from outbox where failed_at is not null limit ${sql.lit(maxCountedByQueue)})
    ) counted
    group by queue`.execute(db)
  const found = new Map(rows.map(({ queue, ...counts }) => [queue, counts]))
  return Object.fromEntries(
    queueNames.map((name) => [name, found.get(name) ?? { pending: 0, oldestSeconds: 0, failed: 0 }]),
  ) as Record<QueueName, QueueOutbox>
}
