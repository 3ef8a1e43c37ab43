import type { Db } from '@muster/db'
import { sql } from 'kysely'
import { dueUntil, isToTell } from './notices.queries.ts'

export const dueKinds = ['reminders', 'digests', 'upcoming', 'overdue'] as const
export type DueKind = (typeof dueKinds)[number]

/**
 * Of what there is something to hand over: of each index the first entry is read, and nothing of any table. Asked for what
 * exists before a moment that it does not know when it plans, Postgres hopes to meet one soon and reads the table.
 */
export async function whatsDue(db: Db, now: Date): Promise<Record<DueKind, boolean | null>> {
  const { rows } = await whatsDueQuery(now).execute(db)
  return rows[0] as Record<DueKind, boolean | null>
}

/** Null where nothing waits. */
export const whatsDueQuery = (now: Date) => sql<Record<DueKind, boolean | null>>`
  select
    (select min(scheduled_at) from reminders where status = 'pending' and handed_at is null) <= ${now} as reminders,
    (select min(next_digest_at) from users) <= ${now} as digests,
    (select min(due_date) from tasks where ${isToTell('upcoming')}) <= ${dueUntil('upcoming', now)} as upcoming,
    (select min(due_date) from tasks where ${isToTell('overdue')}) <= ${dueUntil('overdue', now)} as overdue`
