import { randomBytes } from 'node:crypto'
import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

export type LeavingPerson = {
  id: string
  email: string
  organization_id: string | null
  avatar_key: string | null
  avatar_upload_id: string | null
  is_active: boolean
}

/** Whose wish to be deleted is from `before` or earlier and not fulfilled; also those with whom it was begun. In order of id. */
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

/** Locks the person; undefined when they came back in the meantime, or it is done. */
export function lockDue(trx: Trx, id: string, before: Date): Promise<LeavingPerson | undefined> {
  return trx
    .selectFrom('users')
    .select(['id', 'email', 'organization_id', 'avatar_key', 'avatar_upload_id', 'is_active'])
    .where('id', '=', id)
    .where('deletion_requested_at', '<=', before)
    .where('anonymised_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** No address that anybody could register: its domain has no dot. */
const anonymousEmail = (id: string) => `deleted-${id}@invalid`

/** Whether the row tells nothing of the person any more. */
export const isNameless = ({ id, email }: LeavingPerson): boolean => email === anonymousEmail(id)

/** Takes from the row whatever says who it was, and every way in. The name is by chance, so that nobody can have taken it. */
export async function takeName(trx: Trx, id: string, now: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({
      username: `deleted_${randomBytes(11).toString('hex')}`,
      name: 'Deleted person',
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

/** Mails to the person keep what an operator counts: template, state and times. One that still waits is not sent. */
export async function emptyMails(trx: Trx, { id, email }: Pick<LeavingPerson, 'id' | 'email'>): Promise<void> {
  await sql`
    update email_messages
    set to_address = 'erased', data = '{}', error = null,
      status = case when status = 'queued' then 'dropped' else status end
    where user_id = ${id} or to_address = ${email}`.execute(trx)
  await trx.deleteFrom('email_suppressions').where('address', '=', email).execute()
}

/** Invitations to the person's address end, and tell nobody any more whose it was. */
export async function forgetInvites(
  trx: Trx,
  { id, email }: Pick<LeavingPerson, 'id' | 'email'>,
  now: Date,
): Promise<void> {
  await sql`
    update invites
    set email = ${anonymousEmail(id)}, updated_at = ${now}, status = case when status = 'pending' then 'revoked' else status end
    where email = ${email}`.execute(trx)
}

/** The wish is fulfilled. @returns false when an earlier run did that */
export async function setAnonymised(trx: Trx, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('users')
    .set({ anonymised_at: now, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .where('anonymised_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Everything that is the person's alone, by the columns that say whose it is. */
const ownTables = [
  { table: 'notifications', columns: ['user_id'] },
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

/** Removes the person's own rows in statements of bounded size; any of them may be the last one before a crash. */
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
