import type { Trx } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { sql } from 'kysely'

export type OwnedFile = { id: string; kind: string; storage_key: string; thumbnail_key: string | null }

/**
 * Locks the organization, so that no one can join it until the transaction ends.
 * @returns whether it has no other member; anonymised users do not count
 */
export async function lockWhenAlone(trx: Trx, organizationId: string, userId: string): Promise<boolean> {
  await sql`select from organizations where id = ${organizationId} for update`.execute(trx)
  const { rows } = await sql<{ others: number }>`
    select count(*)::int as others from users
    where organization_id = ${organizationId} and id <> ${userId} and anonymised_at is null`.execute(trx)
  return rows[0]?.others === 0
}

/** Moves tasks whose owner has left for another organization to that organization. */
export async function moveTasksToOwners(trx: Trx, organizationId: string, userId: string): Promise<void> {
  await sql`
    with moved as (
      update tasks set organization_id = users.organization_id
      from users
      where tasks.organization_id = ${organizationId} and users.id = tasks.owner_id
        and users.id <> ${userId} and users.anonymised_at is null
      returning tasks.id, tasks.organization_id
    )
    update attachments set organization_id = moved.organization_id from moved where task_id = moved.id`.execute(trx)
}

/**
 * Deletes up to `limit` tasks with their attachments, reminders and notices.
 * @param of the tasks of an organization, or a user's tasks without an organization
 * @returns how many tasks it deleted, and the files of their attachments
 */
export async function deleteTasks(
  trx: Trx,
  of: { organizationId: string } | { ownerId: string },
  limit: number,
): Promise<{ count: number; files: OwnedFile[] }> {
  const isTheirs =
    'organizationId' in of
      ? sql`organization_id = ${of.organizationId}`
      : sql`owner_id = ${of.ownerId} and organization_id is null`
  const { rows: tasks } = await sql<{ id: string }>`
    select id from tasks where ${isTheirs} order by id limit ${limit} for update`.execute(trx)
  const ids = tasks.map(({ id }) => id)
  if (ids.length === 0) return { count: 0, files: [] }
  const { rows: files } = await sql<OwnedFile>`
    delete from attachments where task_id = any(${ids}::uuid[])
    returning id, kind, storage_key, thumbnail_key`.execute(trx)
  await sql`delete from tasks where id = any(${ids}::uuid[])`.execute(trx)
  return { count: ids.length, files }
}

/**
 * Moves files of chats, which stay with their messages, from the quota of an organization to that of the member of longest standing;
 * to none when a chat has no member.
 */
async function moveChatFiles(trx: Trx, organizationId: string): Promise<void> {
  await sql`
    update attachments set organization_id = (
      select users.organization_id from chat_members join users on users.id = user_id
      where chat_members.chat_id = attachments.chat_id and ${isChatMemberSql} and anonymised_at is null
      order by joined_change limit 1
    )
    where organization_id = ${organizationId} and chat_id is not null`.execute(trx)
}

/** Deletes an organization without members; its anonymised users then belong to none. */
export async function deleteOrganization(trx: Trx, organizationId: string): Promise<void> {
  await sql`update users set organization_id = null where organization_id = ${organizationId}`.execute(trx)
  await moveChatFiles(trx, organizationId)
  await sql`delete from organizations where id = ${organizationId}`.execute(trx)
}
