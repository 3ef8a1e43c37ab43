import type { Trx } from '@muster/db'
import { activeUserSql, isChatMemberSql } from '@muster/policy'
import { sql } from 'kysely'

type Numbered = { chatId: string; change: number }

/** Finds the groups of which a user is a member: all, or those of organizations other than `outside`. */
export async function findGroups(trx: Trx, userId: string, outside: string | null | undefined): Promise<string[]> {
  const isOutside =
    outside === undefined
      ? sql`true`
      : sql`chats.organization_id is not null and chats.organization_id is distinct from ${outside}::uuid`
  const { rows } = await sql<{ id: string }>`
    select chats.id from chats join chat_members on chat_id = chats.id
    where user_id = ${userId} and ${isChatMemberSql} and chats.kind = 'group' and ${isOutside}`.execute(trx)
  return rows.map(({ id }) => id)
}

/** Finds those of the chats of which the user is a member. */
export async function findActive(trx: Trx, userId: string, chatIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select chat_id as id from chat_members
    where user_id = ${userId} and chat_id = any(${chatIds}::uuid[]) and ${isChatMemberSql} order by 1`.execute(trx)
  return rows.map(({ id }) => id)
}

/** Ends a user's membership in each of these chats by the change with this number. */
export async function endMemberships(trx: Trx, userId: string, ended: readonly Numbered[], now: Date): Promise<void> {
  await sql`
    update chat_members
    set left_at = ${now}, left_change = ended.change, change = ended.change, updated_at = ${now}
    from unnest(
      ${ended.map(({ chatId }) => chatId)}::uuid[], ${ended.map(({ change }) => change)}::bigint[]
    ) as ended (chat_id, change)
    where chat_members.chat_id = ended.chat_id and user_id = ${userId}`.execute(trx)
}

/**
 * Finds the member of longest standing in each of these groups that has members and no admin, an active user if there is one.
 * An admin whose account is deactivated or about to be deleted counts as none, when an active user can take over.
 */
export async function findHeirs(trx: Trx, chatIds: readonly string[]): Promise<{ chatId: string; userId: string }[]> {
  const { rows } = await sql<{ chatId: string; userId: string }>`
    select given.id as "chatId", heir.user_id as "userId"
    from unnest(${chatIds}::uuid[]) as given (id)
    cross join lateral (
      select user_id, chat_members.role from chat_members join users on users.id = user_id
      where chat_id = given.id and ${isChatMemberSql}
      order by ${activeUserSql} desc, chat_members.role, joined_change limit 1
    ) heir
    where heir.role <> 'admin'`.execute(trx)
  return rows
}

/** Makes members admins, each by the change with this number. */
export async function promote(
  trx: Trx,
  promoted: readonly (Numbered & { userId: string })[],
  now: Date,
): Promise<void> {
  if (promoted.length === 0) return
  await sql`
    update chat_members set role = 'admin', change = promoted.change, updated_at = ${now}
    from unnest(
      ${promoted.map(({ chatId }) => chatId)}::uuid[], ${promoted.map(({ userId }) => userId)}::uuid[],
      ${promoted.map(({ change }) => change)}::bigint[]
    ) as promoted (chat_id, user_id, change)
    where chat_members.chat_id = promoted.chat_id and chat_members.user_id = promoted.user_id`.execute(trx)
}
