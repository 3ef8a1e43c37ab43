import type { Db, Trx } from '@muster/db'
import { isChatMemberSql, messageVisibleSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { limitLiteral } from '../../sql/limit-literal.ts'
import { type ChatRow, headerSelection, memberSelection } from './chat-view.ts'
import { messageSelection } from './message-view.ts'
import { isReachableSql } from './reachability.ts'

/** So many members stand in a chat of a list. */
const shownMembers = 5
/** Unread messages beyond 99 are not counted. */
export const maxUnread = 100

/**
 * SQL: the number of unread messages of this user. Expects tables named `chats` and `chat_members`. The order leads Postgres to the index,
 * where it stops after the last that counts; a bitmap would be of the whole chat.
 */
export const unreadCountSql = (userId: string, readSeq: RawBuilder<unknown>): RawBuilder<number> => sql`(
  select count(*)::int from (
    select from messages
    where messages.chat_id = chats.id and messages.seq > ${readSeq} and ${messageVisibleSql}
      and messages.sender_id <> ${userId}::uuid and messages.deleted_at is null
    order by messages.seq limit ${sql.lit(maxUnread)}
  ) unread
)`

/** SQL: the user can send messages to the chat. Expects a table named `chats`. */
export const writableSql = (userId: string): RawBuilder<boolean> => sql`(chats.kind = 'group' or exists (
  select from users
  where users.id = case when chats.user_low_id = ${userId}::uuid then chats.user_high_id else chats.user_low_id end
    and ${isReachableSql(userId)}
))`

/** SQL: selects a {@link ChatRow} of this user. Expects tables named `chats` and `chat_members`, of this user. */
const chatSelection = (userId: string, now: Date): RawBuilder<ChatRow> => sql`
  ${headerSelection}, chats.change, chats.seq as "lastSeq", chat_members.joined_seq as "joinedSeq",
  chat_members.read_seq as "readSeq", chat_members.role, coalesce(chat_members.muted_until > ${now}, false) as muted,
  case when chat_members.muted_until > ${now} and isfinite(chat_members.muted_until) then chat_members.muted_until end as "mutedUntil",
  chat_members.mutes_mentions as "mutesMentions", chat_members.archived_at is not null as archived,
  ${writableSql(userId)} as writable, ${unreadCountSql(userId, sql`chat_members.read_seq`)} as "unreadCount",
  (select count(*)::int from chat_members active where active.chat_id = chats.id and active.left_change is null) as "memberCount",
  (select json_agg(m order by m."joinedChange") from (
    select ${memberSelection} from chat_members where chat_id = chats.id and ${isChatMemberSql}
    order by joined_change limit ${sql.lit(shownMembers)}
  ) m) as members,
  (select to_json(m) from (
    select ${messageSelection} from messages where messages.chat_id = chats.id and ${messageVisibleSql}
    order by messages.seq desc limit 1
  ) m) as "lastMessage"`

const ofUser = (userId: string): RawBuilder<unknown> => sql`
  chats join chat_members
    on chat_members.chat_id = chats.id and chat_members.user_id = ${userId}::uuid and ${isChatMemberSql}`

/** Reads a chat as this user sees it; undefined for somebody who is no member. */
export async function findChat(db: Db | Trx, id: string, userId: string, now: Date): Promise<ChatRow | undefined> {
  const { rows } = await sql<ChatRow>`
    select ${chatSelection(userId, now)} from ${ofUser(userId)} where chats.id = ${id}`.execute(db)
  return rows[0]
}

/** A place in a list of chats, as it was at `asOf`: the latest activity, with the microseconds of Postgres, and the chat. */
export type ChatPosition = { asOf: Date; activity: string; id: string }

/**
 * Lists chats of a user by their latest activity. Pages after the first one use the activity as it was at the first one, so that messages
 * which arrive meanwhile move no chat from one page to another.
 */
export async function listChats(
  db: Db,
  userId: string,
  { archived, count, asOf, after, now }: ListOptions,
): Promise<{ row: ChatRow; activity: string }[]> {
  const { rows } = await sql<ChatRow & { activity: string }>`
    with own as (
      select chats.id, greatest(chat_members.joined_at, ${activityAsOf(asOf)}) as activity from ${ofUser(userId)}
      where ${archivedSql(archived)}
    ), page as (
      select id, activity from own
      where ${after ? sql`(activity, id) < (${after.activity}::timestamptz, ${after.id}::uuid)` : sql`true`}
      order by activity desc, id desc limit ${limitLiteral(count)}
    )
    select ${chatSelection(userId, now)}, to_char(page.activity at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as activity
    from page join ${ofUser(userId)} on chats.id = page.id
    order by page.activity desc, page.id desc limit ${count}`.execute(db)
  return rows.map(({ activity, ...row }) => ({ row, activity }))
}

const archivedSql = (archived: ListOptions['archived']): RawBuilder<unknown> =>
  archived === 'any' ? sql`true` : sql`chat_members.archived_at is ${archived ? sql`not null` : sql`null`}`

type ListOptions = { archived: boolean | 'any'; count: number; asOf: Date; after: ChatPosition | undefined; now: Date }

/** SQL: the time of the latest message that had been sent by then. */
const activityAsOf = (asOf: Date): RawBuilder<unknown> => sql`case
  when chats.last_message_at <= ${asOf} then chats.last_message_at
  else (
    select messages.created_at from messages where messages.chat_id = chats.id and messages.created_at <= ${asOf}
    order by messages.seq desc limit 1
  )
end`

/** A user's active membership, as far as it decides what they see. */
export type Membership = { joined_seq: number; joined_change: number; left_change: null }

/** Reads the active membership of a user; undefined for somebody who is no member. */
export async function findMembership(db: Db | Trx, chatId: string, userId: string): Promise<Membership | undefined> {
  const { rows } = await sql<Membership>`
    select joined_seq, joined_change, left_change from chat_members
    where chat_id = ${chatId} and user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  return rows[0]
}

/** Reads whether a member can send messages now, and the number of the latest one; undefined for somebody who is no member. */
export async function findWriter(
  db: Db,
  chatId: string,
  userId: string,
): Promise<{ isWritable: boolean; lastSeq: number } | undefined> {
  const { rows } = await sql<{ isWritable: boolean; lastSeq: number }>`
    select ${writableSql(userId)} as "isWritable", chats.seq as "lastSeq" from ${ofUser(userId)}
    where chats.id = ${chatId}`.execute(db)
  return rows[0]
}
