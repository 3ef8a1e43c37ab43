import { messageVisibleTo } from '@muster/policy'
import type { Message } from '@muster/realtime/shapes'
import { type RawBuilder, sql } from 'kysely'
import { toUserSummary, type UserSummaryRow, userSummarySql } from '../accounts/user-summary.ts'
import { type AttachmentRow, toChatFile } from '../attachments/attachment-view.ts'

/** Who reads, with the numbers that decide what they see. */
export type Viewer = { userId: string; joinedSeq: number; firstSeq: number }

type Quoted = { id: string; sender: UserSummaryRow; body: string | null }
type Instant = Date | string

/** A message with everything that its answers carry, the same for all viewers. Instants are text where it comes from JSON. */
export type MessageRow = {
  id: string
  chatId: string
  seq: number
  change: number
  clientId: string
  sender: UserSummaryRow
  body: string | null
  replyToId: string | null
  replyToSeq: number | null
  /** Null also when the retention removed it. */
  quoted: Quoted | null
  mentions: string[]
  attachments: AttachmentRow[]
  /** The oldest emoji first; all users who reacted with it, in order of time. */
  reactions: { emoji: string; userIds: string[] }[]
  version: number
  editedAt: Instant | null
  deletedAt: Instant | null
  createdAt: Instant
}

/** At most so many users stand beside an emoji. */
const maxReactingIds = 50
const maxQuoteLength = 200

/** SQL: the message of the same chat with this id as a quote. Expects a table named `messages`. */
export const quotedSql = (id: RawBuilder<unknown>): RawBuilder<Quoted | null> => sql`(
  select json_build_object(
    'id', quoted.id, 'sender', ${userSummarySql(sql.ref('quoted.sender_id'))},
    'body', left(quoted.body, ${sql.lit(maxQuoteLength)})
  ) from messages quoted where quoted.id = ${id} and quoted.chat_id = messages.chat_id
)`

/** SQL: selects a {@link MessageRow}. Expects a table named `messages`. */
export const messageSelection: RawBuilder<MessageRow> = sql`
  messages.id, messages.chat_id as "chatId", messages.seq, messages.change, messages.client_id as "clientId",
  ${userSummarySql(sql.ref('messages.sender_id'))} as sender, messages.body, messages.reply_to_id as "replyToId",
  messages.reply_to_seq as "replyToSeq", ${quotedSql(sql.ref('messages.reply_to_id'))} as quoted, messages.mentions,
  (select coalesce(json_agg(a order by a.position), '[]') from attachments a where a.message_id = messages.id) as attachments,
  (select coalesce(json_agg(json_build_object('emoji', emoji, 'userIds', user_ids) order by first_at, emoji), '[]') from (
    select emoji, array_agg(user_id order by created_at, user_id) as user_ids, min(created_at) as first_at
    from message_reactions where message_id = messages.id group by emoji
  ) r) as reactions,
  messages.version, messages.edited_at as "editedAt", messages.deleted_at as "deletedAt", messages.created_at as "createdAt"`

/** Converts a row to what the viewer sees of a message that is visible to them. */
export function toMessage(row: MessageRow, viewer: Viewer): Message {
  const { replyToId: _id, replyToSeq: _seq, quoted: _quoted, ...fields } = row
  return {
    ...fields,
    sender: toUserSummary(row.sender),
    replyTo: toQuote(row, viewer),
    attachments: row.attachments.map(toChatFile),
    reactions: row.reactions.map(({ emoji, userIds }) => ({
      emoji,
      count: userIds.length,
      userIds: shownIds(userIds, viewer.userId),
    })),
    editedAt: toIso(row.editedAt),
    deletedAt: toIso(row.deletedAt),
    createdAt: new Date(row.createdAt).toISOString(),
  }
}

/** Tells whether a message with this number is visible to a viewer who is a member. */
export const isVisible = (seq: number, { joinedSeq, firstSeq }: Viewer): boolean =>
  messageVisibleTo({ seq }, { joined_seq: joinedSeq, left_change: null }, { first_seq: firstSeq })

function toQuote({ replyToId, replyToSeq, quoted }: MessageRow, viewer: Viewer): Message['replyTo'] {
  if (replyToId === null || replyToSeq === null) return null
  if (!quoted || !isVisible(replyToSeq, viewer))
    return { id: replyToId, seq: replyToSeq, hidden: true, sender: null, body: null }
  return { id: replyToId, seq: replyToSeq, hidden: false, sender: toUserSummary(quoted.sender), body: quoted.body }
}

/** Tells whether the viewer reacted, but later than all who are shown in any case. */
const reactedLate = (userIds: string[], userId: string) => userIds.indexOf(userId) >= maxReactingIds

const shownIds = (userIds: string[], userId: string) =>
  reactedLate(userIds, userId) ? [...userIds.slice(0, maxReactingIds), userId] : userIds.slice(0, maxReactingIds)

/** Returns a key that is equal for viewers who see the same of a message, see {@link toMessage}. */
export function messageViewKey(row: MessageRow, viewer: Viewer): string {
  const hidesQuote = row.replyToSeq !== null && !isVisible(row.replyToSeq, viewer)
  const isLate = row.reactions.some(({ userIds }) => reactedLate(userIds, viewer.userId))
  return `${hidesQuote ? 'no-quote' : ''}:${isLate ? viewer.userId : ''}`
}

export const toIso = (instant: Instant | null): string | null => instant && new Date(instant).toISOString()
