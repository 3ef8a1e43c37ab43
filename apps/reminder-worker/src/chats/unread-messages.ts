import { messageAlertsSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'

/** Unread messages that alert a member, as far as they are counted. */
export type UnreadMessages = {
  /** At most 100. */
  count: number
  /** How many of them mention the member. */
  mentions: number
  lastSeq: number | null
  lastAt: Date | null
  /** When the oldest came that is not settled by a mail; null when all are. */
  oldestUnsettledAt: Date | null
  /** The names of those who wrote last, up to three, and the number of all. */
  senders: string[] | null
  senderCount: number
}

const counted = 100
/** Older messages are not looked at: a member who muted a busy chat may have thousands of unread ones. */
const searched = 1_000

/**
 * SQL: a subquery with the {@link UnreadMessages} of a member, to be joined laterally. Expects tables named `chats`, `chat_members`,
 * and, possibly of nulls, `preferences` and `unread_mails`, all of the member.
 */
export const unreadMessagesSql = (now: Date): RawBuilder<UnreadMessages> => sql`(
  with latest as materialized (
    select seq, sender_id, created_at, chat_members.user_id = any(mentions) as is_mention from messages
    where messages.chat_id = chats.id and messages.seq > chat_members.read_seq and messages.seq > chats.seq - ${searched}::int
      and ${messageAlertsSql({ settings: sql`preferences.settings`, now })}
    order by seq desc limit ${sql.lit(counted)}
  ), writers as (
    select sender_id, max(seq) as last_seq from latest group by sender_id
  )
  select count(*)::integer as count, (count(*) filter (where is_mention))::integer as mentions, max(seq) as "lastSeq",
    max(created_at) as "lastAt",
    min(created_at) filter (where created_at > coalesce(unread_mails.settled_until, '-infinity')) as "oldestUnsettledAt",
    (
      select array_agg(users.name order by last_seq desc)
      from (select * from writers order by last_seq desc limit 3) last_writers join users on users.id = sender_id
    ) as senders,
    (select count(*)::integer from writers) as "senderCount"
  from latest
)`
