import { type RawBuilder, sql } from 'kysely'
import { messageVisibleSql } from './chat-access.ts'
import { isSwitchedOnSql } from './switches.ts'

/**
 * SQL: a message of another user is unread by a member. Expects tables named `messages`, `chat_members` (of the same chat) and
 * `chats`.
 */
export const messageUnreadSql: RawBuilder<boolean> = sql`(
  ${messageVisibleSql} and messages.seq > chat_members.read_seq
  and messages.sender_id <> chat_members.user_id and messages.deleted_at is null
)`

/**
 * SQL: an unread message alerts a member, by a notification or mail: it mentions them, or they have not muted the chat, and neither
 * has blocked the other. A mention does not alert when they want that. Expects the tables of {@link messageUnreadSql}.
 * @param options.settings jsonb, the member's `user_preferences.settings` or null
 */
export const messageAlertsSql = ({
  settings,
  now,
}: {
  settings: RawBuilder<unknown>
  now: Date
}): RawBuilder<boolean> => sql`(
  ${messageUnreadSql}
  and (coalesce(chat_members.muted_until, '-infinity') <= ${now} or (
    chat_members.user_id = any(messages.mentions)
    and not chat_members.mutes_mentions and ${isSwitchedOnSql('mentionsPassMute', settings)}
  ))
  and not exists (
    select from blocks where (blocker_id, blocked_id) in
      ((messages.sender_id, chat_members.user_id), (chat_members.user_id, messages.sender_id))
  )
)`
