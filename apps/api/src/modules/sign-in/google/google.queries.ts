import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'
import type { UserRow } from '../../accounts/accounts.queries.ts'

export function findByGoogleId(db: Db, googleId: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('google_id', '=', googleId).executeTakeFirst()
}

/** @returns undefined when the account has been linked meanwhile, or has another e-mail by now */
export function link(trx: Trx, { id, email }: UserRow, googleId: string, now: Date): Promise<UserRow | undefined> {
  return trx
    .updateTable('users')
    .set({ google_id: googleId, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .where('email', '=', email)
    .where('google_id', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export async function unlink(trx: Trx, userId: string, now: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({ google_id: null, version: sql`version + 1`, updated_at: now })
    .where('id', '=', userId)
    .execute()
}
