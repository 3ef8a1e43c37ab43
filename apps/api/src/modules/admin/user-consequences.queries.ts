import type { Db } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { UserRow } from '../accounts/accounts.service.ts'

export type Counts = {
  sessions: number
  reminders: number
  queuedMails: number
  invitations: number
  openTasks: number
  movingTasks: number
  groups: number
  otherMembers: number
  otherAdmins: number
}

/** Counts what an action could affect, at one moment. Every count reads an index by the user or their organization. */
export async function countAffected(db: Db, user: Affected, now: Date): Promise<Counts> {
  return (await affected(user, now).execute(db)).rows[0] as Counts
}

type Affected = Pick<UserRow, 'id' | 'organization_id'>

/** Builds the statement of {@link countAffected}. */
export function affected({ id, organization_id: organizationId }: Affected, now: Date): RawBuilder<Counts> {
  const others = sql`from users where organization_id = ${organizationId}::uuid and id <> ${id}::uuid and anonymised_at is null`
  return sql<Counts>`
    select
      (select count(*)::int from sessions
        where user_id = ${id}::uuid and revoked_at is null and expires_at > ${now}) as sessions,
      (select count(*)::int from reminders where user_id = ${id}::uuid and status = 'pending') as reminders,
      (select count(*)::int from email_messages
        where user_id = ${id}::uuid and status in ('queued', 'sending')) as "queuedMails",
      (select count(*)::int from invites
        where inviter_id = ${id}::uuid and status = 'pending' and expires_at > ${now}) as invitations,
      (select count(*)::int from tasks where owner_id = ${id}::uuid and status <> 'completed') as "openTasks",
      (select count(*)::int from tasks
        where owner_id = ${id}::uuid and organization_id is not distinct from ${organizationId}::uuid) as "movingTasks",
      (select count(*)::int from chat_members join chats on chats.id = chat_members.chat_id
        where chat_members.user_id = ${id}::uuid and chat_members.left_change is null
          and chats.organization_id = ${organizationId}::uuid) as groups,
      (select count(*)::int ${others}) as "otherMembers",
      (select count(*)::int ${others} and role = 'client_admin' and ${activeUserSql}) as "otherAdmins"`
}
