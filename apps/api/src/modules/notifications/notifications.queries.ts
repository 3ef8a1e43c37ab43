import type { Db } from '@muster/db'
import { notificationTypes } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { RowOf } from '../../sql/columns.ts'
import { limitLiteral } from '../../sql/limit-literal.ts'
import { notificationColumns, type StoredNotification } from './notification-columns.ts'
import type { NotificationQuery } from './notifications.schema.ts'

export type NotificationRow = RowOf<'notifications', StoredNotification>

/** The last notification of the previous page. The time has the microseconds of Postgres, so that none is skipped. */
export type NotificationPosition = { createdAt: string; id: string }

const columns = notificationColumns.selection

/**
 * Lists a user's notifications, the newest first. Each type is read from its own part of the index and only as far as the
 * page reaches, so the cost grows neither with their number nor with the number of those that the filters leave out.
 */
export async function listNotifications(
  db: Db,
  userId: string,
  { type = [...notificationTypes], unread }: Pick<NotificationQuery, 'type' | 'unread'>,
  { after, count }: { after: NotificationPosition | undefined; count: number },
): Promise<{ notification: StoredNotification; position: string }[]> {
  const start = after ? sql`and (created_at, id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)` : sql``
  // The type is a literal: for a parameter Postgres assumes that each type is equally frequent, and a prepared statement
  // would look for one that the user never got in the notifications of all users, in order of time.
  const branches = [...new Set(type)].map(
    (one) => sql`(
      select ${columns} from notifications
      where user_id = ${userId} and type = ${sql.lit(one)} ${readState(unread)} ${start}
      order by created_at desc, id desc limit ${limitLiteral(count)})`,
  )
  const { rows } = await sql<NotificationRow & { position: string }>`
    select found.*, to_char("createdAt" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
    from (${sql.join(branches, sql` union all `)}) found order by "createdAt" desc, id desc limit ${count}`.execute(db)
  return rows.map(({ position, ...row }) => ({ notification: notificationColumns.fromRow(row), position }))
}

/** A literal, so that a prepared statement can use the index of unread notifications too. */
const readState = (isUnread: boolean | undefined): RawBuilder<unknown> =>
  isUnread === undefined ? sql`` : isUnread ? sql`and not is_read` : sql`and is_read`

/** Counts the user's unread notifications. */
export async function countUnread(db: Db, userId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from notifications where user_id = ${userId} and not is_read`.execute(db)
  return rows[0]?.count ?? 0
}

/** Finds a notification of the user; undefined when it does not exist or belongs to another user. */
export async function findNotification(db: Db, id: string, userId: string): Promise<StoredNotification | undefined> {
  const { rows } = await sql<NotificationRow>`
    select ${columns} from notifications where id = ${id} and user_id = ${userId}`.execute(db)
  return rows[0] && toStored(rows[0])
}

// For `transactStatement`: `written` returns the notification, or has no row when nothing changed.

/** Marks an unread notification of the user as read. */
export const setRead = (id: string, userId: string): RawBuilder<unknown> => sql`
  written as (
    update notifications set is_read = true where id = ${id} and user_id = ${userId} and not is_read returning ${columns}
  )`

/** Marks at most `limit` unread notifications of the user as read; `written` returns their `count`. */
export const setAllRead = (userId: string, limit: number): RawBuilder<unknown> => sql`
  read as (
    update notifications set is_read = true where user_id = ${userId} and not is_read and id = any(array(
      select id from notifications where user_id = ${userId} and not is_read limit ${limit}
    )) returning id
  ),
  written as (select count(*)::integer as count from read having count(*) > 0)`

/** Deletes a notification of the user; `written` returns it as it was. */
export const deleteNotification = (id: string, userId: string): RawBuilder<unknown> => sql`
  written as (delete from notifications where id = ${id} and user_id = ${userId} returning ${columns})`

export const toStored = (row: NotificationRow): StoredNotification => notificationColumns.fromRow(row)
