import type { Chat, ChatHeader, ChatMember } from '@muster/realtime/shapes'
import { type RawBuilder, sql } from 'kysely'
import { toUserSummary, type UserSummaryRow, userSummarySql } from '../accounts/user-summary.ts'
import { type MessageRow, toIso, toMessage } from './message-view.ts'

type Instant = Date | string

/** A member with the numbers that decide which changes they get. */
export type MemberRow = {
  user: UserSummaryRow
  role: ChatMember['role']
  joinedAt: Instant
  leftAt: Instant | null
  joinedSeq: number
  joinedChange: number
  leftChange: number | null
}

export type HeaderRow = {
  id: string
  kind: ChatHeader['kind']
  name: string | null
  avatarKey: string | null
  organizationId: string | null
  firstSeq: number
  createdAt: Instant
}

/** A chat as one member sees it. */
export type ChatRow = HeaderRow & {
  change: number
  lastSeq: number
  joinedSeq: number
  readSeq: number
  unreadCount: number
  role: ChatMember['role']
  muted: boolean
  /** Null when it is not muted, or for ever. */
  mutedUntil: Date | null
  mutesMentions: boolean
  archived: boolean
  writable: boolean
  memberCount: number
  members: MemberRow[]
  lastMessage: MessageRow | null
}

/** SQL: selects a {@link MemberRow}. Expects a table named `chat_members`. */
export const memberSelection: RawBuilder<MemberRow> = sql`
  ${userSummarySql(sql.ref('chat_members.user_id'))} as user, chat_members.role, chat_members.joined_at as "joinedAt",
  chat_members.left_at as "leftAt", chat_members.joined_seq as "joinedSeq", chat_members.joined_change as "joinedChange",
  chat_members.left_change as "leftChange"`

/** SQL: selects a {@link HeaderRow}. Expects a table named `chats`. */
export const headerSelection: RawBuilder<HeaderRow> = sql`
  chats.id, chats.kind, chats.name, chats.avatar_key as "avatarKey", chats.organization_id as "organizationId",
  chats.first_seq as "firstSeq", chats.created_at as "createdAt"`

export const toMember = ({ user, role, joinedAt, leftAt }: MemberRow): ChatMember => ({
  user: toUserSummary(user),
  role,
  joinedAt: new Date(joinedAt).toISOString(),
  leftAt: toIso(leftAt),
})

export const toHeader = ({
  id,
  kind,
  name,
  avatarKey,
  organizationId,
  firstSeq,
  createdAt,
}: HeaderRow): ChatHeader => ({
  id,
  kind,
  name,
  avatarUrl: avatarKey && `/api/v1/chats/${id}/avatar?v=${pictureVersionOf(avatarKey)}`,
  organizationId,
  firstSeq,
  createdAt: new Date(createdAt).toISOString(),
})

/** Returns the id of the upload from which the picture was made: keys are `chat-avatars/<chatId>/<uploadId>/<name>`. */
export const pictureVersionOf = (avatarKey: string) => avatarKey.split('/')[2] ?? ''

/** Converts a row to the chat as this user sees it. */
export function toChat(row: ChatRow, userId: string): Chat {
  const { avatarKey: _, mutedUntil, lastMessage, members, ...fields } = row
  return {
    ...fields,
    ...toHeader(row),
    mutedUntil: toIso(mutedUntil),
    members: members.map(toMember),
    lastMessage: lastMessage && toMessage(lastMessage, { userId, joinedSeq: row.joinedSeq, firstSeq: row.firstSeq }),
  }
}
