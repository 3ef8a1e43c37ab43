import type { Db } from '@muster/db'
import { sql } from 'kysely'

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
