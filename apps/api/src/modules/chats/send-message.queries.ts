import type { Db, Trx } from '@muster/db'
import { isChatMemberSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { type UserSummaryRow, userSummarySql } from '../accounts/user-summary.ts'
import type { AttachmentRow } from '../attachments/attachment-view.ts'
import { activeMember, type LockedChat, type LockedMember, memberSelection, updateCounters } from './chat-lock.ts'
import { type MessageRow, messageSelection, quotedSql } from './message-view.ts'
import type { NewMessage } from './messages.schema.ts'

export type Stored = { message: (MessageRow & { contentMac: Buffer }) | null; joinedSeq: number; firstSeq: number }

/** Reads a sender's membership, and with it the message that they sent with this client id; undefined for somebody who is no member. */
export async function findStored(
  db: Db,
  chatId: string,
  userId: string,
  clientId: string,
): Promise<Stored | undefined> {
  const { rows } = await sql<{
    joinedSeq: number
    firstSeq: number
    message: MessageRow | null
    contentMac: Buffer | null
  }>`
    select chat_members.joined_seq as "joinedSeq", chats.first_seq as "firstSeq", sent.content_mac as "contentMac",
      case when sent.id is not null then (
        select to_json(m) from (
          select ${messageSelection} from messages where messages.id = sent.id and messages.chat_id = sent.chat_id
        ) m
      ) end as message
    from chat_members join chats on chats.id = chat_members.chat_id
      left join messages sent on sent.chat_id = chats.id and sent.sender_id = chat_members.user_id and sent.client_id = ${clientId}
    where chat_members.chat_id = ${chatId} and chat_members.user_id = ${userId} and ${isChatMemberSql}`.execute(db)
  const [row] = rows
  if (!row) return undefined
  const { message, contentMac, ...numbers } = row
  return { ...numbers, message: message && contentMac && { ...message, contentMac } }
}

/** The facts that decide about a message, and those that its answer adds. Read after the chat was locked. */
export type SendFacts = LockedMember & {
  sender: UserSummaryRow
  /** The message to which it replies; null when the chat has none with this id. */
  replied: { seq: number; quoted: MessageRow['quoted'] } | null
  /** The mentioned users who are no members. */
  strangers: string[]
}

export async function readSendFacts(
  trx: Trx,
  chat: LockedChat,
  userId: string,
  { replyToId, mentions }: NewMessage,
): Promise<SendFacts | undefined> {
  const { rows } = await sql<SendFacts>`
    select ${memberSelection(chat, userId)}, ${userSummarySql(sql`${userId}::uuid`)} as sender,
      ${replyToId ? repliedSql(replyToId, chat) : sql`null::json`} as replied,
      ${mentions.length > 0 ? strangersAmong(mentions, chat) : sql`'{}'::uuid[]`} as strangers
    ${activeMember(chat.id, userId)}`.execute(trx)
  return rows[0]
}

/** SQL: the message to which another replies. */
const repliedSql = (id: string, chat: LockedChat) => sql`(
  select json_build_object('seq', messages.seq, 'quoted', ${quotedSql(sql.ref('messages.id'))}) from messages
  where messages.id = ${id}::uuid and messages.chat_id = ${chat.id}
)`

/** SQL: those of the mentioned users who are no members. */
const strangersAmong = (mentions: readonly string[], chat: LockedChat) => sql`array(
  select mentioned.id from unnest(${mentions}::uuid[]) as mentioned (id) where not exists (
    select from chat_members m where m.chat_id = ${chat.id} and m.user_id = mentioned.id and m.left_change is null
  )
)`

export type MessageToInsert = {
  id: string
  seq: number
  change: number
  senderId: string
  replyToSeq: number | null
  contentMac: Buffer
  createdAt: Date
} & NewMessage

/**
 * Inserts a message, attaches its files and writes the counters, in one statement.
 * @returns the files in their order. Those that are not the sender's own, of this chat and unattached are missing
 */
export async function insertMessage(
  trx: Trx,
  chat: LockedChat,
  message: MessageToInsert,
  assignments: RawBuilder<unknown>,
): Promise<AttachmentRow[]> {
  const { id, seq, change, senderId, clientId, contentMac, createdAt, attachmentIds } = message
  const counters = updateCounters(chat, sql`, last_message_at = ${createdAt} ${assignments}`)
  const { rows } = await sql<{ attachments: AttachmentRow[] }>`
    with counted as (${counters}), inserted as (
      insert into messages (
        id, chat_id, seq, change, sender_id, client_id, content_mac, body, reply_to_id, reply_to_seq, mentions, created_at
      ) values (
        ${id}, ${chat.id}, ${seq}, ${change}, ${senderId}, ${clientId}, ${contentMac}, ${message.body ?? null},
        ${message.replyToId ?? null}, ${message.replyToSeq}, ${message.mentions}::uuid[], ${createdAt}
      )
    ) ${attachmentIds.length > 0 ? attaching(chat, message) : sql`select '[]'::json as attachments`}`.execute(trx)
  return rows[0]?.attachments ?? []
}

/** SQL: attaches the files to the message, and selects them. A part of its own: a list of ids makes Postgres plan a statement anew. */
const attaching = ({ id: chatId }: LockedChat, { id, senderId, attachmentIds }: MessageToInsert) => sql`
  , attached as (
    update attachments set message_id = ${id}, position = given.position
    from unnest(${attachmentIds}::uuid[]) with ordinality as given (id, position)
    where attachments.id = given.id and attachments.chat_id = ${chatId} and uploader_id = ${senderId} and message_id is null
    returning attachments.*
  )
  select coalesce(json_agg(a order by a.position), '[]') as attachments from attached a`
