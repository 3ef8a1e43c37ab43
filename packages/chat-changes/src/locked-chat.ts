import type { Trx } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { type RawBuilder, sql } from 'kysely'

/** The parts of a transaction that writes to a chat. */
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

/** SQL: the columns of a {@link LockedChat}. */
export const lockedColumns: RawBuilder<unknown> = sql.raw(
  `id, kind, name, avatar_key as "avatarKey", organization_id as "organizationId", user_low_id as "userLowId",
  user_high_id as "userHighId", first_seq as "firstSeq", last_message_at as "lastMessageAt",
  notify_job_at as "notifyJobAt", version, seq, change, own_change as "ownChange"`,
)

/**
 * Locks chats until the transaction ends, in the order of their ids against deadlocks. Rows of users and organizations are locked
 * before them, recipients of notifications after them. What decides whether a write is allowed must be read by a later
 * statement: this one may have waited, and sees the other tables as they were before.
 * @returns the chats in the order of their ids, without ids that do not exist
 */
export async function lockChats(trx: Trx, ids: readonly string[]): Promise<LockedChat[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<LockedChat>`
    select ${lockedColumns} from chats where id = any(${ids}::uuid[]) order by id for no key update`.execute(trx)
  return rows
}

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

/** Writes the counters of many chats in one statement, and signals the changes. @param userIds see {@link saveCounters} */
export async function saveAllCounters(
  tx: ChatTx,
  chats: readonly LockedChat[],
  userIds: readonly string[] = [],
): Promise<void> {
  if (chats.length === 0) return
  await sql`
    update chats set seq = counted.seq, change = counted.change, own_change = counted.own_change
    from unnest(
      ${chats.map(({ id }) => id)}::uuid[], ${chats.map(({ seq }) => seq)}::bigint[],
      ${chats.map(({ change }) => change)}::bigint[], ${chats.map(({ ownChange }) => ownChange)}::bigint[]
    ) as counted (id, seq, change, own_change)
    where chats.id = counted.id`.execute(tx.trx)
  for (const chat of chats) signalChange(tx, chat, userIds)
}

/** Signals the latest change of the chat to the instances that follow it, and to those of users who were added or removed. */
export function signalChange({ signal }: Pick<ChatTx, 'signal'>, chat: LockedChat, userIds: readonly string[] = []) {
  const change = { event: 'chat:change', chatId: chat.id, change: chat.change } as const
  signal({ room: `chat:${chat.id}`, ...change })
  for (const userId of userIds) signal({ room: `user:${userId}`, ...change })
}
