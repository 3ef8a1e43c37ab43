import type { Database, Db, Trx } from '@muster/db'
import { activeUserSql, type Role } from '@muster/policy'
import { type Insertable, type RawBuilder, sql, type Updateable } from 'kysely'
import type { InvitedRole, InviteStatus } from './invites.schema.ts'

/** An invitation with the current data of its inviter and its organization. */
export type InviteRow = {
  id: string
  email: string
  role: InvitedRole
  organization_id: string | null
  /** The name of the existing organization, else of the one to be created. */
  organization_name: string | null
  inviter_id: string
  email_id: string
  /** The written status; `statusOf` also recognizes an invitation that has expired since. */
  status: InviteStatus
  expires_at: Date
  accepted_by: string | null
  created_at: Date
  inviter_name: string
  inviter_email: string
  inviter_role: Role
  inviter_organization_id: string | null
  inviter_is_active: boolean
  /** The status of the latest mail; null when it is not kept any more. */
  mail_status: string | null
  is_suppressed: boolean
}

const columns = sql.raw(
  'id email role organization_id inviter_id email_id status expires_at accepted_by created_at'
    .split(' ')
    .map((name) => `invites.${name}`)
    .join(', '),
)

/** Selects the invitations that meet the condition, with their inviters and organizations. */
export const selectWhere = (condition: RawBuilder<unknown>) => sql<InviteRow>`
  select ${columns}, coalesce(organizations.name, invites.organization_name) as organization_name,
    users.name as inviter_name, users.email as inviter_email, users.role as inviter_role,
    users.organization_id as inviter_organization_id, ${activeUserSql} as inviter_is_active,
    mails.status as mail_status, email_suppressions.address is not null as is_suppressed
  from invites
  join users on users.id = invites.inviter_id
  left join organizations on organizations.id = invites.organization_id
  left join email_messages mails on mails.id = invites.email_id
  left join email_suppressions on email_suppressions.address = mails.to_address
  where ${condition}`

export async function findById(db: Db | Trx, id: string): Promise<InviteRow | undefined> {
  return (await selectWhere(sql`invites.id = ${id}`).execute(db)).rows[0]
}

export async function findByIds(db: Db, ids: readonly string[]): Promise<InviteRow[]> {
  return (await selectWhere(sql`invites.id = any(${ids}::uuid[])`).execute(db)).rows
}

/** Finds the invitation whose latest mail this is. */
export async function findByMail(db: Db | Trx, emailId: string): Promise<InviteRow | undefined> {
  return (await selectWhere(sql`invites.email_id = ${emailId}`).execute(db)).rows[0]
}

/** Locks the row until the transaction ends, and then reads it with its inviter. */
export async function lockById(trx: Trx, id: string): Promise<InviteRow | undefined> {
  await sql`select from invites where id = ${id} for no key update`.execute(trx)
  return findById(trx, id)
}

/** Locks and reads as {@link lockById} does; undefined also when a newer mail has replaced this one. */
export async function lockByMail(trx: Trx, emailId: string): Promise<InviteRow | undefined> {
  await sql`select from invites where email_id = ${emailId} for no key update`.execute(trx)
  return findByMail(trx, emailId)
}

/** Locks and reads the address's invitation with the written status `pending`. */
export async function lockPending(trx: Trx, email: string): Promise<InviteRow | undefined> {
  const condition = sql`email = ${email} and status = 'pending'`
  await sql`select from invites where ${condition} for no key update`.execute(trx)
  return (await selectWhere(sql`invites.email = ${email} and invites.status = 'pending'`).execute(trx)).rows[0]
}

export async function insert(trx: Trx, row: Insertable<Database['invites']>): Promise<void> {
  await trx.insertInto('invites').values(row).execute()
}

export async function update(trx: Trx, id: string, changes: Updateable<Database['invites']>, now: Date): Promise<void> {
  await trx
    .updateTable('invites')
    .set({ ...changes, updated_at: now })
    .where('id', '=', id)
    .execute()
}

export async function findOrganizationName(trx: Trx, id: string): Promise<string | undefined> {
  return (await trx.selectFrom('organizations').select('name').where('id', '=', id).executeTakeFirst())?.name
}

/** Drops a mail that is still queued, because its link no longer works. */
export async function dropQueuedMail(trx: Trx, emailId: string): Promise<void> {
  await sql`
    update email_messages set status = 'dropped', error = 'replaced' where id = ${emailId} and status = 'queued'`.execute(
    trx,
  )
}

/** Counts the invitation mails to an address within a day, and the time until the first of them is a day old. */
export async function countMailsOfDay(trx: Trx, email: string): Promise<{ mails: number; waitMs: number }> {
  const { rows } = await sql<{ mails: number; waitMs: number }>`
    select count(*)::int as mails,
      coalesce(extract(epoch from min(created_at) + interval '1 day' - now())::float8 * 1000, 0) as "waitMs"
    from email_messages
    where to_address = ${email} and created_at > now() - interval '1 day' and template = 'invite'`.execute(trx)
  return rows[0] as { mails: number; waitMs: number }
}
