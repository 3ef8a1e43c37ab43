import type { Db } from '@muster/db'
import { isChatMemberSql, messageVisibleSql } from '@muster/policy'
import { sql } from 'kysely'
import { limitLiteral } from '../../sql/limit-literal.ts'
import { type MessageRow, messageSelection } from './message-view.ts'

/** Messages of a chat, and the numbers by which the reader sees them. */
export type MessagePage = { joinedSeq: number; firstSeq: number; rows: MessageRow[] }

/**
 * Reads messages that are visible to a member: the first ones above `after`, or the last ones below `before`, ascending by number.
 * @returns undefined for somebody who is no member
 */
export async function listMessages(
  db: Db,
  { chatId, userId, before, after, count }: ListOptions,
): Promise<MessagePage | undefined> {
  const isForward = after !== undefined
  const bound = isForward
    ? sql`messages.seq > ${after}`
    : before === undefined
      ? sql`true`
      : sql`messages.seq < ${before}`
  const { rows } = await sql<MessagePage>`
    select chat_members.joined_seq as "joinedSeq", chats.first_seq as "firstSeq", (
      select coalesce(json_agg(m order by m.seq), '[]') from (
        select ${messageSelection} from messages
        where messages.chat_id = chats.id and ${bound} and ${messageVisibleSql}
        order by messages.seq ${isForward ? sql`asc` : sql`desc`} limit ${limitLiteral(count)}
      ) m
    ) as rows
    from chats join chat_members on chat_members.chat_id = chats.id
    where chats.id = ${chatId} and chat_members.user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  return rows[0]
}

type ListOptions = {
  chatId: string
  userId: string
  before: number | undefined
  after: number | undefined
  count: number
}
