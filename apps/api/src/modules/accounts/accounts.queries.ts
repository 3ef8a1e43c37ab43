import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, type Selectable, sql } from 'kysely'
import { rescheduleDigest } from './reschedule-digest.ts'

export type UserRow = Selectable<Database['users']>

export function findById(db: Db, id: string) {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
}

export function findByEmail(db: Db, email: string) {
  return db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
}

const idShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The id of who has this id, e-mail or username: none of the three looks like another. */
export async function findIdByAnyName(db: Db, name: string): Promise<string | undefined> {
  const column = idShape.test(name) ? 'id' : name.includes('@') ? 'email' : 'username'
  const row = await db
    .selectFrom('users')
    .select('id')
    .where(column, '=', name)
    .where('anonymised_at', 'is', null)
    .executeTakeFirst()
  return row?.id
}

export async function isUsernameTaken(db: Db, username: string): Promise<boolean> {
  return (await db.selectFrom('users').select('id').where('username', '=', username).executeTakeFirst()) !== undefined
}

/** Locks the row until the transaction ends. */
export function lockById(trx: Trx, id: string) {
  return trx.selectFrom('users').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
}

export function insert(trx: Trx, row: Insertable<Database['users']>) {
  return trx.insertInto('users').values(row).returningAll().executeTakeFirstOrThrow()
}

export function insertOrganization(trx: Trx, row: Insertable<Database['organizations']>) {
  return trx.insertInto('organizations').values(row).execute()
}

export function update(
  trx: Trx,
  id: string,
  changes: Partial<Pick<UserRow, 'username' | 'name' | 'bio' | 'timezone'>>,
  now: Date,
) {
  return trx
    .updateTable('users')
    .set({
      ...changes,
      ...(changes.timezone !== undefined && rescheduleDigest(now)),
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Locks these people until the transaction ends, in the order of their ids, which every transaction that needs several
 * keeps. Rows that refer to them can still be written.
 */
export function lockPeople(trx: Trx, ids: readonly string[]): Promise<UserRow[]> {
  return trx.selectFrom('users').selectAll().where('id', 'in', ids).orderBy('id').forNoKeyUpdate().execute()
}

export function setActive(
  trx: Trx,
  id: string,
  { isActive, deactivatedBy }: { isActive: boolean; deactivatedBy: 'organization' | 'platform' | null },
  now: Date,
) {
  return trx
    .updateTable('users')
    .set({
      is_active: isActive,
      deactivated_by: deactivatedBy,
      ...rescheduleDigest(now),
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('id', '=', id)
    .execute()
}

export function setLastSeen(db: Db | Trx, id: string, now: Date) {
  return db.updateTable('users').set({ last_seen_at: now }).where('id', '=', id).execute()
}
