import type { Db } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { unreadCountSql } from './chats.queries.ts'

export type ReadPosition = { readSeq: number; unreadCount: number }
type Position = { chatId: string; userId: string; seq: number }

/**
 * Returns the CTE that raises a read position, for `transactStatement`. It writes nothing for somebody who is no member, beyond the last
 * message and when the position is as high already. It waits for nobody who sends.
 */
export const raiseReadPosition = ({ chatId, userId, seq }: Position): RawBuilder<unknown> => sql`written as (
  update chat_members set read_seq = ${seq} from chats
  where chats.id = chat_members.chat_id and chats.id = ${chatId} and chat_members.user_id = ${userId}
    and ${isChatMemberSql} and chat_members.read_seq < ${seq} and ${seq} <= chats.seq
  returning chat_members.read_seq as "readSeq", ${unreadCountSql(userId, sql`${seq}`)} as "unreadCount"
)`

/** Reads a read position and the number of the last message; undefined for somebody who is no member. */
export async function findReadPosition(
  db: Db,
  { chatId, userId }: Pick<Position, 'chatId' | 'userId'>,
): Promise<(ReadPosition & { lastSeq: number }) | undefined> {
  const { rows } = await sql<ReadPosition & { lastSeq: number }>`
    select chat_members.read_seq as "readSeq", chats.seq as "lastSeq",
      ${unreadCountSql(userId, sql`chat_members.read_seq`)} as "unreadCount"
    from chat_members join chats on chats.id = chat_members.chat_id
    where chats.id = ${chatId} and chat_members.user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  return rows[0]
}
