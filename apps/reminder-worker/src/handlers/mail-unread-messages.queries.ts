import type { Json, Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import { type UnreadMessages, unreadMessagesSql } from '../chats/unread-messages.ts'

export type Recipient = {
  id: string
  name: string
  email: string
  timezone: string
  settings: Json | null
  mailedAt: Date | null
  isActive: boolean
}

/** Takes the pending job from a user's row and locks it, and reads the user. */
export async function takeRecipient(trx: Trx, userId: string): Promise<Recipient | undefined> {
  const { rows } = await sql<Recipient>`
    update unread_mails set job_at = null
    from users left join user_preferences preferences on preferences.user_id = users.id
    where unread_mails.user_id = ${userId} and users.id = ${userId}
    returning users.id, users.name, users.email, users.timezone, preferences.settings, mailed_at as "mailedAt",
      ${activeUserSql} as "isActive"`.execute(trx)
  return rows[0]
}

export type UnreadChat = UnreadMessages & {
  chatId: string
  kind: 'direct' | 'group'
  name: string
  lastAt: Date
  oldestUnsettledAt: Date
}

/**
 * Reads the chats with unread messages that alert the user and that no mail has settled, the latest first. A direct chat is named by
 * the other user.
 */
export async function readUnreadChats(trx: Trx, userId: string, now: Date): Promise<UnreadChat[]> {
  const { rows } = await sql<UnreadChat>`
    select chats.id as "chatId", chats.kind, coalesce(chats.name, other.name) as name, unread.*
    from chat_members join chats on chats.id = chat_members.chat_id
      left join user_preferences preferences on preferences.user_id = chat_members.user_id
      left join unread_mails on unread_mails.user_id = chat_members.user_id
      left join users other on other.id =
        case chats.user_low_id when chat_members.user_id then chats.user_high_id else chats.user_low_id end
      cross join lateral ${unreadMessagesSql(now)} unread
    where chat_members.user_id = ${userId} and chat_members.left_at is null
      and chats.seq > greatest(chat_members.read_seq, chat_members.joined_seq)
      and chats.last_message_at > coalesce(unread_mails.settled_until, '-infinity')
      and unread."oldestUnsettledAt" is not null
    order by unread."lastAt" desc, chats.id`.execute(trx)
  return rows
}

/** Stores when the next job runs. */
export async function setJobAt(trx: Trx, userId: string, at: Date): Promise<void> {
  await sql`update unread_mails set job_at = ${at} where user_id = ${userId}`.execute(trx)
}

/** Settles the messages of these chats. @param mailedAt null when no mail was sent */
export async function settle(
  trx: Trx,
  userId: string,
  chats: readonly UnreadChat[],
  mailedAt: Date | null,
): Promise<void> {
  const until = new Date(Math.max(...chats.map(({ lastAt }) => lastAt.getTime())))
  await sql`
    update unread_mails set settled_until = ${until}, mailed_at = coalesce(${mailedAt}, mailed_at)
    where user_id = ${userId}`.execute(trx)
}
