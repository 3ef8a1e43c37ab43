import { DomainError } from '@muster/errors'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { StoredNotification } from './notification-columns.ts'
import * as queries from './notifications.queries.ts'
import type { Notification, NotificationQuery } from './notifications.schema.ts'

const pageSize = 50
const positions = cursorOf(z.tuple([cursorInstant(6), exactId]))
/** Keeps each statement far below the API's statement timeout. */
const rowsPerStatement = 5_000

/** Lists the actor's notifications, the newest first. @throws DomainError VALIDATION_FAILED for an invalid cursor */
export async function listNotifications(
  { db }: Pick<Deps, 'db'>,
  actor: Actor,
  { cursor, ...query }: NotificationQuery,
) {
  const after = cursor === undefined ? undefined : readPosition(cursor)
  const found = await queries.listNotifications(db, actor.userId, query, { after, count: pageSize + 1 })
  const shown = found.slice(0, pageSize)
  const last = shown.at(-1)
  const nextCursor = last && found.length > pageSize ? positions.encode([last.position, last.notification.id]) : null
  const notifications = shown.map(({ notification }) => toNotification(notification))
  return { notifications, pagination: cursorPage({ limit: pageSize, nextCursor }) }
}

/** Counts the actor's unread notifications, by their rows each time: a stored counter would drift. */
export const countUnread = ({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<number> =>
  queries.countUnread(db, actor.userId)

/**
 * Marks a notification of the actor as read. Repeating it changes nothing.
 * @throws DomainError NOT_FOUND, also for a notification of another user
 */
export async function markRead({ db }: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Notification> {
  return foundOrThrow(await queries.setRead(db, id, actor.userId))
}

/** Marks all notifications of the actor as read. @returns how many were unread */
export async function markAllRead({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<number> {
  let total = 0
  for (let count = rowsPerStatement; count === rowsPerStatement; total += count) {
    count = await queries.setAllRead(db, actor.userId, rowsPerStatement)
  }
  return total
}

/**
 * Deletes a notification of the actor.
 * @returns the notification as it was
 * @throws DomainError NOT_FOUND, also for a notification of another user
 */
export async function deleteNotification({ db }: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Notification> {
  return foundOrThrow(await queries.deleteNotification(db, id, actor.userId))
}

function foundOrThrow(notification: StoredNotification | undefined): Notification {
  if (!notification) throw new DomainError('NOT_FOUND')
  return toNotification(notification)
}

const toNotification = ({ summarized, ...notification }: StoredNotification): Notification => ({
  ...notification,
  data: { ...notification.data, ...(summarized !== null && { summarized }) },
})

function readPosition(cursor: string): queries.NotificationPosition {
  const [createdAt, id] = positions.decode(cursor)
  return { createdAt, id }
}
