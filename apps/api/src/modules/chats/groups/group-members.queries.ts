import type { Db, Trx } from '@muster/db'
import { activeUserSql, hasReceiptsSql, isChatMemberSql, receiptsBetweenSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Actor } from '../../../http/actor.ts'
import { isUnblocked, type PublicUserRow, publicUserColumns, visibilityFor } from '../../accounts/user-visibility.ts'
import { type MemberRow, memberSelection } from '../chat-view.ts'

type Role = 'admin' | 'member'

/** Finds those of the users who are members. */
export async function findMemberIds(trx: Trx, chatId: string, userIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select user_id as id from chat_members
    where chat_id = ${chatId} and user_id = any(${userIds}::uuid[]) and ${isChatMemberSql}`.execute(trx)
  return rows.map(({ id }) => id)
}

/** Counts the members, and the admins among them whose account is active. */
export async function countMembers(trx: Trx, chatId: string): Promise<{ members: number; admins: number }> {
  const { rows } = await sql<{ members: number; admins: number }>`
    select count(*)::int as members,
      count(*) filter (where chat_members.role = 'admin' and ${activeUserSql})::int as admins
    from chat_members join users on users.id = user_id where chat_id = ${chatId} and ${isChatMemberSql}`.execute(trx)
  return rows[0] ?? { members: 0, admins: 0 }
}

/** Reads a member's role, and whether their account is active; undefined for somebody who is no member. */
export async function findRole(
  trx: Trx,
  chatId: string,
  userId: string,
): Promise<{ role: Role; isActive: boolean } | undefined> {
  const { rows } = await sql<{ role: Role; isActive: boolean }>`
    select chat_members.role, ${activeUserSql} as "isActive" from chat_members join users on users.id = user_id
    where chat_id = ${chatId} and user_id = ${userId} and ${isChatMemberSql}`.execute(trx)
  return rows[0]
}

/** Gives a member another role, by the change with this number. */
export async function setRole(
  trx: Trx,
  { chatId, userId, role, change, now }: { chatId: string; userId: string; role: Role; change: number; now: Date },
): Promise<void> {
  await sql`
    update chat_members set role = ${role}, change = ${change}, updated_at = ${now}
    where chat_id = ${chatId} and user_id = ${userId}`.execute(trx)
}

/** A member, with as much of their presence and their reading as the actor may know. */
export type ListedMember = MemberRow & {
  shown: PublicUserRow
  /** Null when the actor may not know it. */
  readSeq: number | null
}

const selection = (actor: Actor) => sql`
  ${memberSelection}, (select to_json(shown) from (
    select ${publicUserColumns},
      case when users.id = ${actor.userId}::uuid or ${isUnblocked(actor.userId)} then ${visibilityFor(actor)} end as visibility
    from users where users.id = chat_members.user_id
  ) shown) as shown,
  case when chat_members.user_id = ${actor.userId}::uuid or (
    ${hasReceiptsSql(sql.ref('chat_members.chat_id'))}
    and ${receiptsBetweenSql(sql`${actor.userId}::uuid`, sql.ref('chat_members.user_id'))}
  ) then chat_members.read_seq end as "readSeq"`

/** Lists members by the order in which they joined; those after a number of a change, at most `limit`. */
export async function listMembers(
  db: Db,
  actor: Actor,
  chatId: string,
  { after, limit }: { after: number; limit: number },
): Promise<ListedMember[]> {
  const { rows } = await sql<ListedMember>`
    select ${selection(actor)} from chat_members
    where chat_id = ${chatId} and ${isChatMemberSql} and joined_change > ${after}
    order by joined_change limit ${limit}`.execute(db)
  return rows
}

/** Reads some members of a chat, by the order in which they joined. */
export async function findMembers(
  db: Db,
  actor: Actor,
  chatId: string,
  userIds: readonly string[],
): Promise<ListedMember[]> {
  const { rows } = await sql<ListedMember>`
    select ${selection(actor)} from chat_members
    where chat_id = ${chatId} and user_id = any(${userIds}::uuid[]) and ${isChatMemberSql}
    order by joined_change`.execute(db)
  return rows
}
