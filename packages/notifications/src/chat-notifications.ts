import { currentCause } from '@muster/cause'
import { type Db, newId } from '@muster/db'
import type { TransactContext } from '@muster/jobs/outbox'
import { sql } from 'kysely'
import type { NotificationData } from './notification-data.ts'

type Tx = Pick<TransactContext, 'trx' | 'signal'>

/** The notification about the unread messages of a chat. */
export type ChatNotification = {
  userId: string
  title: string
  message: string
  data: Extract<NotificationData, { event: 'chatMessages' }>
  /** False when there is no message that the user was not told about: then only an open notification is kept up to date. */
  hasNews: boolean
}

/**
 * Keeps the open notification of a chat up to date for each of these users: a user has one at most that is not read. They count
 * towards no limit. Signals the users' sockets.
 */
export async function saveChatNotifications(
  { trx, signal }: Tx,
  chatId: string,
  notifications: readonly ChatNotification[],
  now: Date,
): Promise<void> {
  if (notifications.length === 0) return
  const requestId = currentCause()?.requestId ?? null
  const column = <Name extends keyof ChatNotification>(name: Name) => notifications.map((one) => one[name])
  const { rows } = await sql<{ userId: string }>`
    with given as (
      select * from unnest(
        ${notifications.map(newId)}::uuid[], ${column('userId')}::uuid[], ${column('title')}::text[],
        ${column('message')}::text[], ${notifications.map(({ data }) => JSON.stringify(data))}::jsonb[],
        ${column('hasNews')}::boolean[]
      ) as given (id, user_id, title, message, data, has_news)
    ), open as (
      select notifications.id, user_id from notifications join given using (user_id)
      where ${isOpen([chatId])}
    ), updated as (
      update notifications set title = given.title, message = given.message, data = given.data,
        created_at = case when given.has_news then ${now} else notifications.created_at end
      from open join given using (user_id)
      where notifications.id = open.id and not notifications.is_read
        and (notifications.title, notifications.message, notifications.data)
          is distinct from (given.title, given.message, given.data)
      returning notifications.user_id
    ), inserted as (
      insert into notifications (id, user_id, type, title, message, chat_id, data, created_at, request_id)
      select id, user_id, 'chat', title, message, ${chatId}, data, ${now}, ${requestId} from given
      where has_news and user_id not in (select user_id from open)
      returning user_id
    )
    select user_id as "userId" from updated union all select user_id from inserted`.execute(trx)
  for (const { userId } of rows) signal({ room: `user:${userId}`, event: 'notification' })
}

/**
 * Marks the open notifications of chats as read, for users who have read its messages or are members no more.
 * @param options.upToSeq only when it tells about messages up to this number at most
 */
export async function closeChatNotifications(
  { trx, signal }: { trx: Db | Tx['trx']; signal: Tx['signal'] },
  { chatIds, userIds, upToSeq }: { chatIds: readonly string[]; userIds: readonly string[]; upToSeq?: number },
): Promise<void> {
  if (userIds.length === 0 || chatIds.length === 0) return
  const isCovered = upToSeq === undefined ? sql`true` : sql`(notifications.data ->> 'lastSeq')::bigint <= ${upToSeq}`
  const { rows } = await sql<{ userId: string }>`
    update notifications set is_read = true
    where user_id = any(${userIds}::uuid[]) and ${isOpen(chatIds)} and ${isCovered}
    returning user_id as "userId"`.execute(trx)
  for (const userId of new Set(rows.map((row) => row.userId))) signal({ room: `user:${userId}`, event: 'notification' })
}

const isOpen = (chatIds: readonly string[]) =>
  sql`notifications.type = 'chat' and notifications.chat_id = any(${chatIds}::uuid[]) and not notifications.is_read`
