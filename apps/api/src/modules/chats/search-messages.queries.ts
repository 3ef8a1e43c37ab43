import type { Db } from '@muster/db'
import { isChatMemberSql, messageVisibleSql } from '@muster/policy'
import { sql } from 'kysely'
import { limitLiteral } from '../../sql/limit-literal.ts'
import { type MessageRow, messageSelection } from './message-view.ts'

/** The last message of the previous page. The time has the microseconds of Postgres. */
export type FoundPosition = { createdAt: string; id: string }
export type FoundMessage = { row: MessageRow; position: string; joinedSeq: number; firstSeq: number }

/**
 * Finds messages with these words that are visible to a user, the newest first. The words of each chat are read from their own part of
 * the index, so the cost grows with what is found in the user's chats, not with the messages of others.
 * @param search a `tsquery` as text, with at least one word
 * @param options.chatId only this chat
 */
export async function searchMessages(
  db: Db,
  { userId, search, chatId, after, count }: SearchOptions,
): Promise<FoundMessage[]> {
  const start = after
    ? sql`and (messages.created_at, messages.id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`
    : sql``
  const { rows } = await sql<FoundMessage>`
    with found as (
      select matching.id, chats.id as chat_id, matching.created_at, chat_members.joined_seq, chats.first_seq
      from chat_members join chats on chats.id = chat_members.chat_id cross join lateral (
        select messages.id, messages.created_at from (
          select id, chat_id, seq, created_at from messages
          -- Keeps the condition of the chat out: its index would lead through all messages of the chat.
          where search @@ chat_search_query(chats.id, ${search}) offset 0
        ) messages
        where messages.chat_id = chats.id and ${messageVisibleSql} ${start}
        order by messages.created_at desc, messages.id desc limit ${limitLiteral(count)}
      ) matching
      where chat_members.user_id = ${userId} and ${isChatMemberSql}
        ${chatId ? sql`and chat_members.chat_id = ${chatId}` : sql``}
      order by matching.created_at desc, matching.id desc limit ${limitLiteral(count)}
    )
    select (select to_json(m) from (
        select ${messageSelection} from messages where messages.id = found.id and messages.chat_id = found.chat_id
      ) m) as row,
      found.joined_seq as "joinedSeq", found.first_seq as "firstSeq",
      to_char(found.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
    from found order by found.created_at desc, found.id desc limit ${count}`.execute(db)
  return rows
}

/** Finds those of these messages that are visible to a user and not deleted. @returns their ids */
export async function findVisible(db: Db, ids: readonly string[], userId: string): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select messages.id from messages join chats on chats.id = messages.chat_id
      join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${userId}
    where messages.id = any(${ids}::uuid[]) and messages.deleted_at is null and ${messageVisibleSql}`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

type SearchOptions = {
  userId: string
  search: string
  chatId: string | undefined
  after: FoundPosition | undefined
  count: number
}
