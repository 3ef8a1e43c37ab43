import type { Database, Db, Trx } from '@muster/db'
import { activeUserSql, type Role } from '@muster/policy'
import { type Insertable, type RawBuilder, sql, type Updateable } from 'kysely'
import type { InvitedRole, InviteStatus } from './invites.schema.ts'

/** An invitation with what its inviter and its organization are at this moment. */
export type InviteRow = {
  id: string
  email: string
  role: InvitedRole
  organization_id: string | null
  /** Of the organization that is there, else of the one to be set up. */
  organization_name: string | null
  inviter_id: string
  email_id: string
  /** As it was written last; see `statusOf` for one that has expired meanwhile. */
  status: InviteStatus
  expires_at: Date
  accepted_by: string | null
  created_at: Date
  inviter_name: string
  inviter_email: string
  inviter_role: Role
  inviter_organization_id: string | null
  inviter_is_around: boolean
}

const columns = sql.raw(
  'id email role organization_id inviter_id email_id status expires_at accepted_by created_at'
    .split(' ')
    .map((name) => `invites.${name}`)
    .join(', '),
)

/** Whatever the condition says of `invites`, with its inviter and organization. */
export const selectWhere = (condition: RawBuilder<unknown>) => sql<InviteRow>`
  select ${columns}, coalesce(organizations.name, invites.organization_name) as organization_name,
    users.name as inviter_name, users.email as inviter_email, users.role as inviter_role,
    users.organization_id as inviter_organization_id, ${activeUserSql} as inviter_is_around
  from invites
  join users on users.id = invites.inviter_id
  left join organizations on organizations.id = invites.organization_id
  where ${condition}`

export async function findById(db: Db | Trx, id: string): Promise<InviteRow | undefined> {
  return (await selectWhere(sql`invites.id = ${id}`).execute(db)).rows[0]
}

/** The invitation whose newest mail this is. */
export async function findByMail(db: Db | Trx, emailId: string): Promise<InviteRow | undefined> {
  return (await selectWhere(sql`invites.email_id = ${emailId}`).execute(db)).rows[0]
}

/** Locks the row until the transaction ends. What is read of it and its inviter is read after that. */
export async function lockById(trx: Trx, id: string): Promise<InviteRow | undefined> {
  await sql`select from invites where id = ${id} for no key update`.execute(trx)
  return findById(trx, id)
}

/** As {@link lockById}; undefined also when a newer mail has replaced this one. */
export async function lockByMail(trx: Trx, emailId: string): Promise<InviteRow | undefined> {
  await sql`select from invites where email_id = ${emailId} for no key update`.execute(trx)
  return findByMail(trx, emailId)
}

/** The address's invitation that nobody has ended yet, locked. */
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

/** A mail that still waits is not sent any more: the link in it is worth nothing. */
export async function dropWaitingMail(trx: Trx, emailId: string): Promise<void> {
  await sql`
    update email_messages set status = 'dropped', error = 'replaced' where id = ${emailId} and status = 'queued'`.execute(
    trx,
  )
}

/** The invitation mails that were ordered for an address within a day, and how long until the first of them is a day old. */
export async function countMailsOfDay(trx: Trx, email: string): Promise<{ mails: number; waitMs: number }> {
  const { rows } = await sql<{ mails: number; waitMs: number }>`
    select count(*)::int as mails,
      coalesce(extract(epoch from min(created_at) + interval '1 day' - now())::float8 * 1000, 0) as "waitMs"
    from email_messages
    where to_address = ${email} and created_at > now() - interval '1 day' and template = 'invite'`.execute(trx)
  return rows[0] as { mails: number; waitMs: number }
}
