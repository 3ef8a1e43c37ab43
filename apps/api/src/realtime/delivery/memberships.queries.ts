import type { Db } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { sql } from 'kysely'
import type { MembershipRow } from './membership.ts'

const columns = sql.raw(
  'chat_members.chat_id, chat_members.user_id, chat_members.joined_seq, chat_members.joined_change, chats.change',
)

/** Lists all memberships of users. */
export async function listMembershipsOf(db: Db, userIds: readonly string[]): Promise<MembershipRow[]> {
  const { rows } = await sql<MembershipRow>`
    select ${columns} from chat_members join chats on chats.id = chat_members.chat_id
    where chat_members.user_id = any(${userIds}::uuid[]) and chat_members.left_at is null and ${isChatMemberSql}`.execute(
    db,
  )
  return rows
}

export type Pair = { chatId: string; userId: string }

/** Lists those of the named memberships that have not ended. */
export async function listMemberships(db: Db, pairs: readonly Pair[]): Promise<MembershipRow[]> {
  const { rows } = await sql<MembershipRow>`
    select ${columns}
    from unnest(${pairs.map(({ chatId }) => chatId)}::uuid[], ${pairs.map(({ userId }) => userId)}::uuid[])
      as wanted (chat_id, user_id)
    join chat_members using (chat_id, user_id) join chats on chats.id = wanted.chat_id
    where ${isChatMemberSql}`.execute(db)
  return rows
}

export type MemberChangeRow = { user_id: string; joined_seq: number; joined_change: number; left_change: number | null }

/** Lists the members of a chat who joined, left or changed after a change, also those who have left. */
export async function listChangedMembers(db: Db, chatId: string, after: number): Promise<MemberChangeRow[]> {
  const { rows } = await sql<MemberChangeRow>`
    select user_id, joined_seq, joined_change, left_change from chat_members
    where chat_id = ${chatId} and change > ${after}`.execute(db)
  return rows
}
