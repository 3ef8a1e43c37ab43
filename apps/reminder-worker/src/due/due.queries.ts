import type { Db } from '@muster/db'
import { sql } from 'kysely'
import { isUnclaimed, latestDueDate } from './notices.queries.ts'

export type DueRow = Record<'reminders' | 'digests' | 'upcoming' | 'overdue', boolean | null>

/** Reads whether there is due work, by kind; null when there is no work of a kind at all. */
export async function readDue(db: Db, now: Date): Promise<DueRow | undefined> {
  const { rows } = await dueQuery(now).execute(db)
  return rows[0]
}

/**
 * Reads the first entry of each index and no table row. Uses `min` rather than `exists`, because Postgres plans without knowing
 * the moment, expects an early match for `exists` and scans the table.
 */
export const dueQuery = (now: Date) => sql<DueRow>`
  select
    (select min(scheduled_at) from reminders where status = 'pending' and handed_at is null) <= ${now} as reminders,
    (select min(next_digest_at) from users) <= ${now} as digests,
    (select min(due_date) from tasks where ${isUnclaimed('upcoming')}) <= ${latestDueDate('upcoming', now)} as upcoming,
    (select min(due_date) from tasks where ${isUnclaimed('overdue')}) <= ${latestDueDate('overdue', now)} as overdue`
