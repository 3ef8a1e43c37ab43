import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** Ends all open resets of the user: their links no longer work. */
export function endResets(trx: Trx, userId: string, now: Date) {
  return trx
    .updateTable('password_resets')
    .set({ used_at: now })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute()
}

/** Deletes all resets of the user, used and open ones. */
export function deleteResets(trx: Trx, userId: string) {
  return trx.deleteFrom('password_resets').where('user_id', '=', userId).execute()
}

/** Writes a reset. For the id of no user it takes as long, and writes nothing. */
export function insertReset(trx: Trx, reset: { id: string; userId: string | null; expiresAt: Date; now: Date }) {
  return trx
    .insertInto('password_resets')
    .columns(['id', 'user_id', 'expires_at', 'created_at'])
    .expression((eb) =>
      eb
        .selectFrom('users')
        .select([
          sql<string>`${reset.id}::uuid`.as('id'),
          'users.id as user_id',
          sql<Date>`${reset.expiresAt}::timestamptz`.as('expires_at'),
          sql<Date>`${reset.now}::timestamptz`.as('created_at'),
        ])
        .where('users.id', '=', reset.userId),
    )
    .execute()
}

/** Finds the active user whose open reset this is. */
export function findResetOwner(db: Db, id: string, now: Date) {
  return db
    .selectFrom('password_resets')
    .innerJoin('users', 'users.id', 'password_resets.user_id')
    .selectAll('users')
    .where('password_resets.id', '=', id)
    .where('password_resets.used_at', 'is', null)
    .where('password_resets.expires_at', '>', now)
    .where('users.is_active', '=', true)
    .executeTakeFirst()
}

/** Uses the reset. @returns false when another request used it first, or it has expired */
export async function useReset(trx: Trx, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('password_resets')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
