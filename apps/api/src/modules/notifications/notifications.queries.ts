import type { Db, Json } from '@muster/db'
import { type NotificationType, notificationTypes } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { limitLiteral } from '../../sql/limit-literal.ts'
import type { NotificationQuery } from './notifications.schema.ts'

export type NotificationRow = {
  id: string
  type: NotificationType
  title: string
  message: string
  task_id: string | null
  chat_id: string | null
  data: Json
  summarized: number | null
  is_read: boolean
  created_at: Date
}

/** The last notification of the page before. The time is as exact as Postgres has it, so that none is passed over. */
export type NotificationPosition = { createdAt: string; id: string }

const columns = sql.raw('id, type, title, message, task_id, chat_id, data, summarized, is_read, created_at')

/**
 * A person's notifications, the newest first. Each type is read from its own place in the index only as far as the page
 * reaches, so the price grows neither with their number nor with that of those which the filters leave out.
 */
export async function listNotifications(
  db: Db,
  userId: string,
  { type = [...notificationTypes], unread }: Pick<NotificationQuery, 'type' | 'unread'>,
  { after, count }: { after: NotificationPosition | undefined; count: number },
): Promise<(NotificationRow & { position: string })[]> {
  const order = sql`order by created_at desc, id desc`
  const start = after ? sql`and (created_at, id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)` : sql``
  // The type literally: as a parameter each is taken for as frequent as another, and a prepared statement would look for one
  // that the user never got by going through everybody's in order of time.
  const branches = [...new Set(type)].map(
    (one) => sql`(
      select ${columns} from notifications
      where user_id = ${userId} and type = ${sql.lit(one)} ${readState(unread)} ${start}
      ${order} limit ${limitLiteral(count)})`,
  )
  const { rows } = await sql<NotificationRow & { position: string }>`
    select found.*, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
    from (${sql.join(branches, sql` union all `)}) found ${order} limit ${count}`.execute(db)
  return rows
}

/** Literally, so that the index of the unread serves a prepared statement too. */
const readState = (isUnread: boolean | undefined): RawBuilder<unknown> =>
  isUnread === undefined ? sql`` : isUnread ? sql`and not is_read` : sql`and is_read`

export async function countUnread(db: Db, userId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from notifications where user_id = ${userId} and not is_read`.execute(db)
  return rows[0]?.count ?? 0
}

/** @returns undefined when it is somebody else's, or none */
export async function setRead(db: Db, id: string, userId: string): Promise<NotificationRow | undefined> {
  const { rows } = await sql<NotificationRow>`
    update notifications set is_read = true where id = ${id} and user_id = ${userId} returning ${columns}`.execute(db)
  return rows[0]
}

/** @returns how many were unread, at most `limit` */
export async function setAllRead(db: Db, userId: string, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update notifications set is_read = true where not is_read and id = any(array(
      select id from notifications where user_id = ${userId} and not is_read limit ${limit}
    ))`.execute(db)
  return Number(numAffectedRows)
}

/** @returns the row as it was; undefined when it is somebody else's, or none */
export async function deleteNotification(db: Db, id: string, userId: string): Promise<NotificationRow | undefined> {
  const { rows } = await sql<NotificationRow>`
    delete from notifications where id = ${id} and user_id = ${userId} returning ${columns}`.execute(db)
  return rows[0]
}
