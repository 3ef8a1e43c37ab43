import { DomainError } from '@muster/errors'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import * as queries from './notifications.queries.ts'
import type { Notification, NotificationQuery } from './notifications.schema.ts'

const pageSize = 50
const positions = cursorOf(z.tuple([cursorInstant(6), exactId]))
/** Each statement stays far below the time that the API gives one. */
const rowsPerStatement = 5_000

/** The actor's own, the newest first. @throws DomainError VALIDATION_FAILED for a cursor that is none */
export async function listNotifications(
  { db }: Pick<Deps, 'db'>,
  actor: Actor,
  { cursor, ...query }: NotificationQuery,
) {
  const after = cursor === undefined ? undefined : readPosition(cursor)
  const rows = await queries.listNotifications(db, actor.userId, query, { after, count: pageSize + 1 })
  const shown = rows.slice(0, pageSize)
  const last = shown.at(-1)
  const nextCursor = last && rows.length > pageSize ? positions.encode([last.position, last.id]) : null
  return { notifications: shown.map(toNotification), pagination: { limit: pageSize, nextCursor } }
}

/** Counted anew each time: a counter would drift. */
export const countUnread = ({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<number> =>
  queries.countUnread(db, actor.userId)

/** Reading twice changes nothing. @throws DomainError NOT_FOUND, also for somebody else's */
export async function markRead({ db }: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Notification> {
  return foundOrThrow(await queries.setRead(db, id, actor.userId))
}

/** @returns how many were unread */
export async function markAllRead({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<number> {
  let total = 0
  for (let count = rowsPerStatement; count === rowsPerStatement; total += count) {
    count = await queries.setAllRead(db, actor.userId, rowsPerStatement)
  }
  return total
}

/** @returns the notification as it was @throws DomainError NOT_FOUND, also for somebody else's */
export async function deleteNotification({ db }: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<Notification> {
  return foundOrThrow(await queries.deleteNotification(db, id, actor.userId))
}

function foundOrThrow(row: queries.NotificationRow | undefined): Notification {
  if (!row) throw new DomainError('NOT_FOUND')
  return toNotification(row)
}

const toNotification = (row: queries.NotificationRow): Notification => ({
  id: row.id,
  type: row.type,
  title: row.title,
  message: row.message,
  taskId: row.task_id,
  chatId: row.chat_id,
  data: { ...(row.data as Record<string, unknown>), ...(row.summarized !== null && { summarized: row.summarized }) },
  isRead: row.is_read,
  createdAt: row.created_at.toISOString(),
})

function readPosition(cursor: string): queries.NotificationPosition {
  const [createdAt, id] = positions.decode(cursor)
  return { createdAt, id }
}
