import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { type RawBuilder, sql } from 'kysely'
import { isReachableSql } from './reachability.ts'

/** What a function needs that writes to a chat. */
export type ChatTx = Pick<TransactContext, 'trx' | 'signal'>

/** A chat whose row is locked until the transaction ends. The counters rise in memory, see {@link nextChange}. */
export type LockedChat = {
  readonly id: string
  readonly kind: 'direct' | 'group'
  readonly name: string | null
  readonly avatarKey: string | null
  readonly organizationId: string | null
  readonly userLowId: string | null
  readonly userHighId: string | null
  readonly firstSeq: number
  readonly lastMessageAt: Date | null
  readonly notifyJobAt: Date | null
  readonly version: number
  seq: number
  change: number
  ownChange: number
}

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

const lockedColumns = sql.raw(
  `id, kind, name, avatar_key as "avatarKey", organization_id as "organizationId", user_low_id as "userLowId",
  user_high_id as "userHighId", first_seq as "firstSeq", last_message_at as "lastMessageAt",
  notify_job_at as "notifyJobAt", version, seq, change, own_change as "ownChange"`,
)

/**
 * Locks chats until the transaction ends, in the order of their ids against deadlocks. Rows of users and organizations are locked
 * before them, recipients of notifications after them. What decides whether a write is allowed must be read by a later
 * statement: this one may have waited, and sees the other tables as they were before.
 * @returns the chats in the order of their ids, without ids that do not exist
 * @public
 */
export async function lockChats(trx: Trx, ids: readonly string[]): Promise<LockedChat[]> {
  const { rows } = await sql<LockedChat>`
    select ${lockedColumns} from chats where id = any(${ids}::uuid[]) order by id for no key update`.execute(trx)
  return rows
}

/** Locks one chat, see {@link lockChats}. @throws DomainError NOT_FOUND */
export async function lockChat(trx: Trx, id: string): Promise<LockedChat> {
  const { rows } = await sql<LockedChat>`
    select ${lockedColumns} from chats where id = ${id} for no key update`.execute(trx)
  return rows[0] ?? notFound()
}

/**
 * Locks a chat and then reads the membership of a user.
 * @throws DomainError NOT_FOUND for somebody who is no member
 * @public
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

/** SQL: the columns of a {@link LockedMember} of this chat. Expects a table named `chat_members`. */
export const memberSelection = (chat: LockedChat, userId: string): RawBuilder<LockedMember> => sql`
  chat_members.user_id as "userId", chat_members.role, chat_members.joined_seq as "joinedSeq",
  chat_members.joined_change as "joinedChange", chat_members.read_seq as "readSeq",
  (${otherUserId(chat, userId)}::uuid is null or exists (
    select from users where users.id = ${otherUserId(chat, userId)}::uuid and ${isReachableSql(userId)}
  )) as "isWritable"`

/** SQL: `from chat_members where …` for an active member. */
export const activeMember = (chatId: string, userId: string): RawBuilder<unknown> => sql`
  from chat_members where chat_id = ${chatId} and user_id = ${userId} and left_change is null`

/** Returns the other user of a direct chat; null in a group. */
export const otherUserId = ({ userLowId, userHighId }: Pick<LockedChat, 'userLowId' | 'userHighId'>, userId: string) =>
  userLowId === userId ? userHighId : userLowId

/** Raises the counter of messages. @returns the number of the next message */
export const nextSeq = (chat: LockedChat): number => ++chat.seq

/** Raises the counter of changes. @returns the number of the next change, which belongs to exactly one row */
export const nextChange = (chat: LockedChat): number => ++chat.change

/** Raises the counter of changes for the row of the chat itself: created, renamed, another picture, old messages removed. */
export const nextOwnChange = (chat: LockedChat): number => {
  chat.ownChange = nextChange(chat)
  return chat.ownChange
}

/**
 * SQL: the UPDATE that writes the counters, as part of a statement which writes a row with a new number. The caller then
 * calls {@link signalChange}.
 * @param assignments further ones, each beginning with a comma
 */
export const updateCounters = (chat: LockedChat, assignments: RawBuilder<unknown> = sql``): RawBuilder<unknown> => sql`
  update chats set seq = ${chat.seq}, change = ${chat.change}, own_change = ${chat.ownChange} ${assignments}
  where id = ${chat.id}`

/**
 * Writes the counters, once in a transaction, and signals the change.
 * @param options.userIds users who were added or removed: their instances may not follow the chat yet
 * @param options.assignments see {@link updateCounters}
 */
export async function saveCounters(
  tx: ChatTx,
  chat: LockedChat,
  { userIds = [], assignments }: { userIds?: readonly string[]; assignments?: RawBuilder<unknown> } = {},
): Promise<void> {
  await updateCounters(chat, assignments).execute(tx.trx)
  signalChange(tx, chat, userIds)
}

/** Signals the latest change of the chat to the instances that follow it, and to those of users who were added or removed. */
export function signalChange({ signal }: Pick<ChatTx, 'signal'>, chat: LockedChat, userIds: readonly string[] = []) {
  const change = { event: 'chat:change', chatId: chat.id, change: chat.change } as const
  signal({ room: `chat:${chat.id}`, ...change })
  for (const userId of userIds) signal({ room: `user:${userId}`, ...change })
}

function notFound(): never {
  throw new DomainError('NOT_FOUND')
}
