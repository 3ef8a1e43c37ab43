import { DomainError } from '@muster/errors'
import type { Effects } from '@muster/jobs/outbox'
import { actorIdOf, readNotificationData } from '@muster/notifications'
import type { Notification } from '@muster/realtime/shapes'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import { cursorPage } from '../../http/pagination.ts'
import { findUserSummaries } from '../accounts/user-summary.ts'
import type { StoredNotification } from './notification-columns.ts'
import * as queries from './notifications.queries.ts'
import type { NotificationQuery } from './notifications.schema.ts'

type ChangeDeps = Pick<Deps, 'db' | 'transactStatement'>

const positions = cursorOf(z.tuple([cursorInstant(6), exactId]))
/** Keeps each statement far below the API's statement timeout. */
const rowsPerStatement = 2_000

/** Lists the actor's notifications, the newest first. @throws DomainError VALIDATION_FAILED for an invalid cursor */
export async function listNotifications(
  { db }: Pick<Deps, 'db'>,
  actor: Actor,
  { cursor, limit, ...query }: NotificationQuery,
) {
  const after = cursor === undefined ? undefined : readPosition(cursor)
  const found = await queries.listNotifications(db, actor.userId, query, { after, count: limit + 1 })
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = last && found.length > limit ? positions.encode([last.position, last.notification.id]) : null
  const notifications = await toNotifications(
    db,
    shown.map(({ notification }) => notification),
  )
  return { notifications, pagination: cursorPage({ limit, nextCursor }) }
}

/** Counts the actor's unread notifications, by their rows each time: a stored counter would drift. */
export const countUnread = ({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<number> =>
  queries.countUnread(db, actor.userId)

/**
 * Marks a notification of the actor as read. Repeating it changes nothing.
 * @throws DomainError NOT_FOUND, also for a notification of another user
 */
export async function markRead(
  { db, transactStatement }: ChangeDeps,
  { userId }: Actor,
  id: string,
): Promise<Notification> {
  const read = await transactStatement<queries.NotificationRow>(({ signal }) => {
    signalChange({ signal }, userId)
    return queries.setRead(id, userId)
  })
  return foundOrThrow(db, read ? queries.toStored(read) : await queries.findNotification(db, id, userId))
}

/** Marks all notifications of the actor as read. @returns how many were unread */
export async function markAllRead({ transactStatement }: ChangeDeps, { userId }: Actor): Promise<number> {
  let total = 0
  for (let count = rowsPerStatement; count === rowsPerStatement; total += count) {
    const read = await transactStatement<{ count: number }>(({ signal }) => {
      signalChange({ signal }, userId)
      return queries.setAllRead(userId, rowsPerStatement)
    })
    count = read?.count ?? 0
  }
  return total
}

/**
 * Deletes a notification of the actor.
 * @returns the notification as it was
 * @throws DomainError NOT_FOUND, also for a notification of another user
 */
export async function deleteNotification(
  { db, transactStatement }: ChangeDeps,
  { userId }: Actor,
  id: string,
): Promise<Notification> {
  const deleted = await transactStatement<queries.NotificationRow>(({ signal }) => {
    signalChange({ signal }, userId)
    return queries.deleteNotification(id, userId)
  })
  return foundOrThrow(db, deleted && queries.toStored(deleted))
}

const signalChange = ({ signal }: Pick<Effects, 'signal'>, userId: string) =>
  signal({ room: `user:${userId}`, event: 'notification' })

async function foundOrThrow(db: Deps['db'], notification: StoredNotification | undefined): Promise<Notification> {
  if (!notification) throw new DomainError('NOT_FOUND')
  const [shown] = await toNotifications(db, [notification])
  return shown as Notification
}

/** Converts rows: reads their data by their events, and the names of the users who caused them. */
export async function toNotifications(db: Deps['db'], rows: readonly StoredNotification[]): Promise<Notification[]> {
  const read = rows.map((row) => ({ row, data: readNotificationData(row) }))
  const actors = await findUserSummaries(
    db,
    read.flatMap(({ data }) => actorIdOf(data) ?? []),
  )
  return read.map(({ row: { summarized: _, ...notification }, data }) => ({
    ...notification,
    actor: actors.get(actorIdOf(data) ?? '') ?? null,
    data,
  }))
}

function readPosition(cursor: string): queries.NotificationPosition {
  const [createdAt, id] = positions.decode(cursor)
  return { createdAt, id }
}
