import { randomBytes } from 'node:crypto'
import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

export type LeavingUser = {
  id: string
  email: string
  organization_id: string | null
  avatar_key: string | null
  avatar_upload_id: string | null
  is_active: boolean
}

/** Lists users who requested their deletion at `before` or earlier and are not anonymised, partly anonymised ones included, in order of id. */
export async function listDue(db: Db, before: Date, afterId: string | undefined, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('users')
    .select('id')
    .where('deletion_requested_at', '<=', before)
    .where('anonymised_at', 'is', null)
    .$if(afterId !== undefined, (query) => query.where('id', '>', afterId as string))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Locks a user who is due; undefined when the user cancelled the deletion or is anonymised. */
export function lockDue(trx: Trx, id: string, before: Date): Promise<LeavingUser | undefined> {
  return trx
    .selectFrom('users')
    .select(['id', 'email', 'organization_id', 'avatar_key', 'avatar_upload_id', 'is_active'])
    .where('id', '=', id)
    .where('deletion_requested_at', '<=', before)
    .where('anonymised_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** An address that no one can register, because its domain has no dot. */
const anonymousEmail = (id: string) => `deleted-${id}@invalid`

/** Whether {@link eraseIdentity} has erased this user's identity. */
export const hasNoIdentity = ({ id, email }: LeavingUser): boolean => email === anonymousEmail(id)

/** Erases the user's personal data and credentials, and ends their sessions. The new user name is random, so that it is free. */
export async function eraseIdentity(trx: Trx, id: string, now: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({
      username: `deleted_${randomBytes(11).toString('hex')}`,
      name: 'Former member',
      email: anonymousEmail(id),
      password_hash: null,
      google_id: null,
      two_factor_method: 'none',
      bio: null,
      avatar_key: null,
      avatar_upload_id: null,
      avatar_status: null,
      timezone: 'UTC',
      last_seen_at: null,
      is_active: false,
      version: sql`version + 1`,
      updated_at: now,
    })
    .where('id', '=', id)
    .execute()
  await trx.deleteFrom('sessions').where('user_id', '=', id).execute()
}

/**
 * Erases address and content of the user's mails, and what servers answered to them, which may quote both. Template, status and times stay
 * for statistics; queued mails are dropped.
 */
export async function eraseMails(trx: Trx, { id, email }: Pick<LeavingUser, 'id' | 'email'>): Promise<void> {
  await sql`
    with erased as (
      update email_messages
      set to_address = 'erased', data = '{}', error = null,
        status = case when status = 'queued' then 'dropped' else status end
      where user_id = ${id} or to_address = ${email}
      returning id
    )
    update email_attempts set smtp_answer = null, reason = null
    from erased where email_id = erased.id`.execute(trx)
  await trx.deleteFrom('email_suppressions').where('address', '=', email).execute()
}

/** Erases the address from invitations to the user and revokes pending ones. @returns those that it revoked */
export async function eraseInvites(
  trx: Trx,
  { id, email }: Pick<LeavingUser, 'id' | 'email'>,
  now: Date,
): Promise<{ id: string; inviterId: string }[]> {
  await sql`
    update invites set email = ${anonymousEmail(id)}, updated_at = ${now}
    where email = ${email} and status <> 'pending'`.execute(trx)
  const { rows } = await sql<{ id: string; inviterId: string }>`
    update invites set email = ${anonymousEmail(id)}, updated_at = ${now}, status = 'revoked'
    where email = ${email} returning id, inviter_id as "inviterId"`.execute(trx)
  return rows
}

/** Marks the user as anonymised. @returns false when an earlier run did that */
export async function setAnonymised(trx: Trx, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set({ anonymised_at: now, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .where('anonymised_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Tables with rows that belong to one user, and the columns that hold the user's id. */
const ownTables = [
  { table: 'notifications', columns: ['user_id'] },
  // Deleting them has just written changes.
  { table: 'notification_changes', columns: ['user_id'] },
  { table: 'reminders', columns: ['user_id'] },
  { table: 'due_notices', columns: ['user_id'] },
  { table: 'digest_deliveries', columns: ['user_id'] },
  { table: 'known_devices', columns: ['user_id'] },
  { table: 'user_preferences', columns: ['user_id'] },
  { table: 'totp_secrets', columns: ['user_id'] },
  { table: 'recovery_codes', columns: ['user_id'] },
  { table: 'two_factor_challenges', columns: ['user_id'] },
  { table: 'password_resets', columns: ['user_id'] },
  { table: 'idempotency_keys', columns: ['actor_id'] },
  { table: 'friendships', columns: ['requester_id', 'addressee_id'] },
  { table: 'blocks', columns: ['blocker_id', 'blocked_id'] },
] as const

const rowsPerStatement = 2_000

/** Deletes the user's own rows in statements of limited size, so that a later run can continue after a crash. */
export async function deleteOwnRows(db: Db, userId: string, signal: AbortSignal): Promise<void> {
  for (const { table, columns } of ownTables) {
    for (const column of columns) {
      for (let deleted = rowsPerStatement; deleted === rowsPerStatement; ) {
        signal.throwIfAborted()
        const { numAffectedRows = 0n } = await sql`
          delete from ${sql.table(table)} where ctid = any(array(
            select ctid from ${sql.table(table)} where ${sql.ref(column)} = ${userId} limit ${rowsPerStatement}
          ))`.execute(db)
        deleted = Number(numAffectedRows)
      }
    }
  }
}
