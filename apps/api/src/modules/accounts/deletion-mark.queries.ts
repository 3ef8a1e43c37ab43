import type { Trx } from '@muster/db'
import { sql } from 'kysely'
import { rescheduleDigest } from './reschedule-digest.ts'

/** Marks the person as about to leave, or no longer. */
export async function setDeletionRequested(trx: Trx, id: string, at: Date | null, now: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({ deletion_requested_at: at, ...rescheduleDigest(now), version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .execute()
}
