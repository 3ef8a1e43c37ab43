import type { Database, Db, Trx } from '@muster/db'
import { isUuid } from '@muster/identifiers'
import type { Role } from '@muster/policy'
import { type Insertable, type Selectable, sql, type UpdateObject } from 'kysely'
import { rescheduleDigest } from './reschedule-digest.ts'

export type UserRow = Selectable<Database['users']>

/** Reads the user with this id; undefined when there is none. Users made anonymous are found too. */
export function findUser(db: Db, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Reads the user with this e-mail, in the lower case in which e-mails are stored. */
export function findUserByEmail(db: Db, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
}

/** Reads the user to whom this Google account (the issuer's `sub`) is linked. */
export function findUserByGoogleId(db: Db, googleId: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('google_id', '=', googleId).executeTakeFirst()
}

/** Resolves an id, e-mail or username to the user's id. The three have distinct shapes, so one lookup suffices. */
export async function findUserIdByAnyName(db: Db, name: string): Promise<string | undefined> {
  const column = isUuid(name) ? 'id' : name.includes('@') ? 'email' : 'username'
  const row = await db
    .selectFrom('users')
    .select('id')
    .where(column, '=', name)
    .where('anonymised_at', 'is', null)
    .executeTakeFirst()
  return row?.id
}

/** Tells whether a user has this username, in the lower case in which usernames are stored. */
export async function isUsernameTaken(db: Db, username: string): Promise<boolean> {
  return (await db.selectFrom('users').select('id').where('username', '=', username).executeTakeFirst()) !== undefined
}

/** Reads the user and locks the row until the transaction ends. Rows that refer to it can still be written. */
export function lockUser(trx: Trx, id: string): Promise<UserRow | undefined> {
  return trx.selectFrom('users').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
}

/**
 * Reads these users and locks their rows until the transaction ends, in the order of their ids: every transaction that
 * locks several users keeps this order, so none deadlocks. Rows that refer to them can still be written.
 */
export function lockUsers(trx: Trx, ids: readonly string[]): Promise<UserRow[]> {
  return trx.selectFrom('users').selectAll().where('id', 'in', ids).orderBy('id').forNoKeyUpdate().execute()
}

/**
 * Inserts a user.
 * @throws a unique violation of users_username_key, users_email_key or users_google_id_key, after which the transaction is lost
 */
export function insertUser(trx: Trx, row: Insertable<Database['users']>): Promise<UserRow> {
  return trx.insertInto('users').values(row).returningAll().executeTakeFirstOrThrow()
}

// The writes down to `setLastSeen` change what the cached profile shows; accounts.service.ts wraps each in its invalidation.

/** Changes columns of the profile and gives the row its next version. */
function updateRow(trx: Trx, id: string, changes: UpdateObject<Database, 'users'>, now: Date) {
  return trx
    .updateTable('users')
    .set({ ...changes, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
}

export function updateUser(
  trx: Trx,
  id: string,
  changes: Partial<Pick<UserRow, 'username' | 'name' | 'bio' | 'timezone'>>,
  now: Date,
): Promise<UserRow> {
  const digest = changes.timezone === undefined ? {} : rescheduleDigest(now)
  return updateRow(trx, id, { ...changes, ...digest }, now)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function setActive(
  trx: Trx,
  id: string,
  { isActive, deactivatedBy }: { isActive: boolean; deactivatedBy: 'organization' | 'platform' | null },
  now: Date,
): Promise<void> {
  const changes = { is_active: isActive, deactivated_by: deactivatedBy, ...rescheduleDigest(now) }
  await updateRow(trx, id, changes, now).execute()
}

export async function setRoleAndOrganization(
  trx: Trx,
  id: string,
  { role, organizationId }: { role: Role; organizationId: string | null },
  now: Date,
): Promise<void> {
  await updateRow(trx, id, { role, organization_id: organizationId }, now).execute()
}

export async function setDeletionRequested(trx: Trx, id: string, at: Date | null, now: Date): Promise<void> {
  await updateRow(trx, id, { deletion_requested_at: at, ...rescheduleDigest(now) }, now).execute()
}

export async function setPasswordHash(trx: Trx, id: string, hash: string, now: Date): Promise<void> {
  await updateRow(trx, id, { password_hash: hash }, now).execute()
}

export async function setTwoFactorMethod(
  trx: Trx,
  id: string,
  method: 'none' | 'otp' | 'totp',
  now: Date,
): Promise<void> {
  await updateRow(trx, id, { two_factor_method: method }, now).execute()
}

export function linkGoogle(
  trx: Trx,
  { id, email }: Pick<UserRow, 'id' | 'email'>,
  googleId: string,
  now: Date,
): Promise<UserRow | undefined> {
  return updateRow(trx, id, { google_id: googleId }, now)
    .where('email', '=', email)
    .where('google_id', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export async function unlinkGoogle(trx: Trx, id: string, now: Date): Promise<void> {
  await updateRow(trx, id, { google_id: null }, now).execute()
}

export async function setLastSeen(trx: Trx, id: string, now: Date): Promise<void> {
  await trx.updateTable('users').set({ last_seen_at: now }).where('id', '=', id).execute()
}

/**
 * Stores another hash of the same password. The profile stays as it is, so version and cache do too.
 * @returns false when `from` is no longer the stored hash
 */
export async function replacePasswordHash(
  db: Db,
  id: string,
  { from, to }: { from: string | null; to: string },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ password_hash: to })
    .where('id', '=', id)
    .where('password_hash', 'is not distinct from', from)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Locks the user until the transaction ends and makes the reminder worker recompute the next morning digest.
 * @returns false when the user does not exist
 */
export async function lockAndRescheduleDigest(trx: Trx, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set(rescheduleDigest(now))
    .where('id', '=', id)
    .where('anonymised_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
