import type { Db, Json, Trx } from '@muster/db'
import { rescheduleDigest } from '../accounts/reschedule-digest.ts'

/** What the person changed; undefined when they never did. */
export async function findSettings(db: Db | Trx, userId: string): Promise<Json | undefined> {
  const row = await db
    .selectFrom('user_preferences')
    .select('settings')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.settings
}

export async function saveSettings(trx: Trx, userId: string, settings: Json, now: Date): Promise<void> {
  const row = { settings: JSON.stringify(settings), updated_at: now }
  await trx
    .insertInto('user_preferences')
    .values({ user_id: userId, ...row })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
}

/** Locks the person until the transaction ends, and has their next digest computed anew. @returns false when they are gone */
export async function rescheduleDigestOf(trx: Trx, userId: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set(rescheduleDigest(now))
    .where('id', '=', userId)
    .where('anonymised_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
