import type { Db, Json, Trx } from '@muster/db'

/** Reads the preferences that differ from the defaults; undefined when the user never changed any. */
export async function findSettings(db: Db | Trx, userId: string): Promise<Json | undefined> {
  const row = await db
    .selectFrom('user_preferences')
    .select('settings')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return row?.settings
}

/** Writes the preferences that differ from the defaults. */
export async function saveSettings(trx: Trx, userId: string, settings: Json, now: Date): Promise<void> {
  const row = { settings: JSON.stringify(settings), updated_at: now }
  await trx
    .insertInto('user_preferences')
    .values({ user_id: userId, ...row })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
    .execute()
}
