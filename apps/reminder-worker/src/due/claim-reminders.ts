import { fireReminder } from '@muster/jobs/definitions'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/** Reminders per transaction: one statement claims them and one enqueues their jobs. */
const claimLimit = 1_000

/**
 * Claims due reminders and enqueues a `fire-reminder` job for each, in one transaction. Skips rows that another worker has
 * locked. Reads by a partial index that holds only unclaimed reminders.
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
