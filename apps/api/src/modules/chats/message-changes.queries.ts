import type { Db, Trx } from '@muster/db'
import { isChatMemberSql, messageVisibleSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { type LockedChat, updateCounters } from './chat-lock.ts'
import { type MessageRow, messageSelection } from './message-view.ts'

/** A message that is visible to a member, with the numbers by which they see it. */
export type VisibleMessage = { row: MessageRow; joinedSeq: number; firstSeq: number }

/** Reads a message that is visible to the user; undefined for any other. */
export async function findMessage(
  db: Db | Trx,
  { chatId, messageId, userId }: { chatId: string; messageId: string; userId: string },
): Promise<VisibleMessage | undefined> {
  const { rows } = await sql<VisibleMessage>`
    select to_json(m) as row, "joinedSeq", "firstSeq" from (
      select chat_members.joined_seq as "joinedSeq", chats.first_seq as "firstSeq", messages.id as message_id
      from messages join chats on chats.id = messages.chat_id
        join chat_members on chat_members.chat_id = chats.id and chat_members.user_id = ${userId}
      where messages.id = ${messageId} and messages.chat_id = ${chatId} and ${isChatMemberSql} and ${messageVisibleSql}
    ) visible cross join lateral (select ${messageSelection} from messages
      where messages.id = visible.message_id and messages.chat_id = ${chatId}) m`.execute(db)
  return rows[0]
}

/** Lists those of the users who are no members of the chat. */
export async function findStrangers(trx: Trx, chatId: string, userIds: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select given.id from unnest(${userIds}::uuid[]) as given (id) where not exists (
      select from chat_members where chat_id = ${chatId} and user_id = given.id and ${isChatMemberSql}
    )`.execute(trx)
  return rows.map(({ id }) => id)
}

/** Writes fields of a message with the number of the change, and the counters of the chat. */
export async function updateMessage(
  trx: Trx,
  chat: LockedChat,
  messageId: string,
  assignments: RawBuilder<unknown>,
): Promise<void> {
  await sql`
    with counted as (${updateCounters(chat)})
    update messages set change = ${chat.change} ${assignments} where id = ${messageId} and chat_id = ${chat.id}`.execute(
    trx,
  )
}

export async function deleteReactions(trx: Trx, messageId: string): Promise<void> {
  await sql`delete from message_reactions where message_id = ${messageId}`.execute(trx)
}

type Reaction = { messageId: string; userId: string; emoji: string }

export async function insertReaction(trx: Trx, { messageId, userId, emoji }: Reaction, now: Date): Promise<void> {
  await sql`
    insert into message_reactions (message_id, user_id, emoji, created_at)
    values (${messageId}, ${userId}, ${emoji}, ${now})`.execute(trx)
}

export async function deleteReaction(trx: Trx, { messageId, userId, emoji }: Reaction): Promise<void> {
  await sql`
    delete from message_reactions
    where message_id = ${messageId} and user_id = ${userId} and emoji = ${emoji}`.execute(trx)
}
