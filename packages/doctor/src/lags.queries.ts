import type { Db } from '@muster/db'
import { sql } from 'kysely'

const dayMs = 24 * 3_600_000

/** Counts the reminders that are due and that nobody took up, at most 10,000, and measures by how much the oldest is late. */
export async function readDueReminders(db: Db): Promise<{ count: number; lateMs: number }> {
  const { rows } = await sql<{ count: number; lateMs: number }>`
    select count(*)::int as count, coalesce(extract(epoch from clock_timestamp() - min(scheduled_at)) * 1000, 0)::float8 as "lateMs"
    from (select scheduled_at from reminders where status = 'pending' and handed_at is null and scheduled_at < statement_timestamp()
      order by scheduled_at limit 10000) due`.execute(db)
  return rows[0] ?? { count: 0, lateMs: 0 }
}

/** Counts the mails of the last 24 hours by their state. Ids begin with the time of their creation, so that no other index is needed. */
export async function readMailCounts(db: Db): Promise<Record<string, number>> {
  const { rows } = await sql<{ status: string; count: number }>`
    select status, count(*)::int as count from email_messages where id > ${firstIdAt(Date.now() - dayMs)}::uuid group by status`.execute(
    db,
  )
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
}

/** Returns the smallest UUIDv7 of a time. */
function firstIdAt(ms: number): string {
  const time = Math.round(ms).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`
}
