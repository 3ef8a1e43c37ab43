import { type LockedChat, lockedColumns } from '@muster/chat-changes'
import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { type RawBuilder, sql } from 'kysely'
import { isReachableSql } from './reachability.ts'

/** The locks and numbers of changes, which workers use too. */
export {
  type ChatTx,
  type LockedChat,
  nextChange,
  nextOwnChange,
  nextSeq,
  saveCounters,
  signalChange,
  updateCounters,
} from '@muster/chat-changes'

/** The membership of somebody who writes, read after the chat was locked. */
export type LockedMember = {
  userId: string
  role: 'admin' | 'member'
  joinedSeq: number
  joinedChange: number
  readSeq: number
  /** False in a direct chat when one of the two has blocked the other, or they are neither friends nor in one organization. */
  isWritable: boolean
}

/** Locks one chat, see `lockChats` of packages/chat-changes. @throws DomainError NOT_FOUND */
export async function lockChat(trx: Trx, id: string): Promise<LockedChat> {
  const { rows } = await sql<LockedChat>`
    select ${lockedColumns} from chats where id = ${id} for no key update`.execute(trx)
  return rows[0] ?? notFound()
}

/**
 * Locks a chat and then reads the membership of a user.
 * @throws DomainError NOT_FOUND for somebody who is no member
 */
export async function lockChatAs(
  trx: Trx,
  id: string,
  userId: string,
): Promise<{ chat: LockedChat; member: LockedMember }> {
  const chat = await lockChat(trx, id)
  const { rows } = await sql<LockedMember>`select ${memberSelection(chat, userId)} ${activeMember(id, userId)}`.execute(
    trx,
  )
  return { chat, member: rows[0] ?? notFound() }
}

/**
 * SQL: the columns of a {@link LockedMember} of this chat. Expects a table named `chat_members`. Its text depends on the kind of chat: with
 * a parameter that is null in groups, Postgres would plan the statement anew each time.
 */
export const memberSelection = (chat: LockedChat, userId: string): RawBuilder<LockedMember> => sql`
  chat_members.user_id as "userId", chat_members.role, chat_members.joined_seq as "joinedSeq",
  chat_members.joined_change as "joinedChange", chat_members.read_seq as "readSeq",
  ${isWritableSql(userId, otherUserId(chat, userId))} as "isWritable"`

const isWritableSql = (userId: string, otherId: string | null) =>
  otherId === null
    ? sql`true`
    : sql`exists (select from users where users.id = ${otherId}::uuid and ${isReachableSql(userId)})`

/** SQL: `from chat_members where …` for an active member. */
export const activeMember = (chatId: string, userId: string): RawBuilder<unknown> => sql`
  from chat_members where chat_id = ${chatId} and user_id = ${userId} and left_change is null`

/** Returns the other user of a direct chat; null in a group. */
export const otherUserId = ({ userLowId, userHighId }: Pick<LockedChat, 'userLowId' | 'userHighId'>, userId: string) =>
  userLowId === userId ? userHighId : userLowId

function notFound(): never {
  throw new DomainError('NOT_FOUND')
}
