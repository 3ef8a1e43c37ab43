import { type RawBuilder, sql } from 'kysely'

/*
 * Visibility in a chat for its members. The rules need the membership alone; whether somebody may write is decided under the lock of the chat.
 */

/** The columns of a membership that decide what the member sees. */
export type ChatMembership = {
  joined_seq: number
  joined_change: number
  left_change: number | null
}

/** Tells whether the membership has not ended. */
export const isChatMember = ({ left_change }: Pick<ChatMembership, 'left_change'>): boolean => left_change === null

/**
 * Tells whether a message is visible to a member: it came after they joined, and the retention has not removed it.
 * @param chat.first_seq messages with lower numbers are gone
 */
export const messageVisibleTo = (
  message: { seq: number },
  member: Pick<ChatMembership, 'joined_seq' | 'left_change'>,
  chat: { first_seq: number },
): boolean => isChatMember(member) && message.seq > member.joined_seq && message.seq >= chat.first_seq

/**
 * Tells whether a file of a chat is visible to a member: until a message has it only to its uploader, then to those who see the message.
 * @param file.message the message that has it; null before it was sent
 */
export const chatFileVisibleTo = (
  file: { uploader_id: string | null; message: { seq: number; deleted_at: Date | null } | null },
  member: ChatMembership & { user_id: string },
  chat: { first_seq: number },
): boolean =>
  file.message
    ? file.message.deleted_at === null && messageVisibleTo(file.message, member, chat)
    : isChatMember(member) && file.uploader_id === member.user_id

/** Tells whether a change is delivered to a member: from the one by which they joined to the one by which they left, both included. */
export const changeDeliveredTo = (change: number, { joined_change, left_change }: ChatMembership): boolean =>
  change >= joined_change && (left_change === null || change <= left_change)

/** SQL: {@link isChatMember}. Expects a table named `chat_members`. */
export const isChatMemberSql: RawBuilder<boolean> = sql`(chat_members.left_change is null)`

/** SQL: {@link messageVisibleTo}. Expects tables named `messages`, `chat_members` (of the same chat) and `chats`. */
export const messageVisibleSql: RawBuilder<boolean> = sql`(
  ${isChatMemberSql} and messages.seq > chat_members.joined_seq and messages.seq >= chats.first_seq
)`

/**
 * SQL: {@link chatFileVisibleTo}. Expects tables named `attachments`, `chat_members` (of the same chat) and `chats`, and a left join of
 * `messages` by `attachments.message_id`.
 */
export const chatFileVisibleSql: RawBuilder<boolean> = sql`(case
  when attachments.message_id is null then ${isChatMemberSql} and attachments.uploader_id = chat_members.user_id
  else messages.deleted_at is null and ${messageVisibleSql}
end)`
