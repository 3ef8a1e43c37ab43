import type { Db, Json, Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import { type UnreadMessages, unreadMessagesSql } from '../chats/unread-messages.ts'

export type NotifiedChat = {
  id: string
  kind: 'direct' | 'group'
  name: string | null
  seq: number
  /** Members were told about messages up to this number. */
  notifiedSeq: number
}

/** Allows the next job to be planned, and reads the chat; undefined when it does not exist. Messages that commit later plan a job. */
export async function beginNotice(db: Db, chatId: string): Promise<NotifiedChat | undefined> {
  const { rows } = await sql<NotifiedChat>`
    update chats set notify_job_at = null where id = ${chatId}
    returning id, kind, name, seq, notified_seq as "notifiedSeq"`.execute(db)
  return rows[0]
}

/** Stores up to which message the members were told. */
export async function endNotice(db: Db, { id, seq }: NotifiedChat): Promise<void> {
  await sql`update chats set notified_seq = ${seq} where id = ${id} and notified_seq < ${seq}`.execute(db)
}

export type ToldMember = UnreadMessages & {
  userId: string
  readSeq: number
  settings: Json | null
  hasOpen: boolean
  otherUserId: string | null
}

/**
 * Reads a page of the members of a chat, in the order of their ids, who have unread messages or an open notification. Jobs of the
 * same chat wait for each other until their transactions end.
 * @returns with the id of the last member of the page, undefined when there are no more
 */
export async function readMembersToTell(
  trx: Trx,
  chatId: string,
  { after, limit, now }: { after: string | undefined; limit: number; now: Date },
): Promise<{ members: ToldMember[]; last: string | undefined }> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`notify-chat:${chatId}`}, 0))`.execute(trx)
  const { rows: page } = await sql<{ userId: string }>`
    select user_id as "userId" from chat_members
    where chat_id = ${chatId} and left_change is null and user_id > coalesce(${after ?? null}::uuid, ${zeroId}::uuid)
    order by user_id limit ${limit}`.execute(trx)
  const ids = page.map(({ userId }) => userId)
  const { rows: members } = await sql<ToldMember>`
    select chat_members.user_id as "userId", chat_members.read_seq as "readSeq", preferences.settings,
      open.user_id is not null as "hasOpen", unread.*,
      case chats.user_low_id when chat_members.user_id then chats.user_high_id else chats.user_low_id end as "otherUserId"
    from chat_members join chats on chats.id = chat_members.chat_id
      join users on users.id = chat_members.user_id and ${activeUserSql}
      left join user_preferences preferences on preferences.user_id = users.id
      left join unread_mails on unread_mails.user_id = users.id
      left join lateral (
        select user_id from notifications
        where user_id = users.id and type = 'chat' and not is_read and chat_id = chats.id limit 1
      ) open on true
      cross join lateral ${unreadMessagesSql(now)} unread
    where chats.id = ${chatId} and chat_members.user_id = any(${ids}::uuid[]) and chat_members.left_change is null
      and (unread.count > 0 or open.user_id is not null)
    order by chat_members.user_id`.execute(trx)
  return { members, last: ids.length === limit ? ids.at(-1) : undefined }
}

const zeroId = '00000000-0000-0000-0000-000000000000'

/**
 * Keeps members from reading the chat, leaving and muting it until the transaction ends.
 * @returns those of them who have not read on since they were read
 */
export async function holdMembers(trx: Trx, chatId: string, members: readonly ToldMember[]): Promise<ToldMember[]> {
  if (members.length === 0) return []
  const { rows } = await sql<{ userId: string; readSeq: number }>`
    select user_id as "userId", read_seq as "readSeq" from chat_members
    where chat_id = ${chatId} and user_id = any(${members.map(({ userId }) => userId)}::uuid[]) and left_change is null
    order by user_id for share`.execute(trx)
  const readSeqs = new Map(rows.map(({ userId, readSeq }) => [userId, readSeq]))
  return members.filter(({ userId, readSeq }) => readSeqs.get(userId) === readSeq)
}
