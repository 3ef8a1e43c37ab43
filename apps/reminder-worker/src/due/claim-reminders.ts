import { fireReminder } from '@muster/jobs/definitions'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/** Reminders of one hand-over: one statement claims them and one orders their jobs. */
const claimLimit = 1_000

/**
 * Hands over reminders that are due: marks them and orders a `fire-reminder` job for each, in one transaction. Workers
 * side by side pass over what another one holds. The index holds only what waits.
 * @returns whether there may be more
 */
export async function claimReminders({ transact, clock }: Pick<Deps, 'transact' | 'clock'>): Promise<boolean> {
  const now = clock.now()
  return transact(async ({ trx, enqueue }) => {
    const { rows } = await sql<{ id: string; scheduled_at: Date }>`
      with due as materialized (
        select id from reminders
        where status = 'pending' and handed_at is null and scheduled_at <= ${now}
        order by scheduled_at limit ${claimLimit} for update skip locked
      )
      update reminders set handed_at = ${now} from due where reminders.id = due.id
      returning reminders.id, reminders.scheduled_at`.execute(trx)
    for (const { id, scheduled_at } of rows) {
      enqueue(fireReminder, { reminderId: id, scheduledAt: scheduled_at.toISOString() })
    }
    return rows.length === claimLimit
  })
}
