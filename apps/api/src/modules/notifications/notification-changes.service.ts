import type { Notification } from '@muster/realtime/shapes'
import type { Deps } from '../../deps.ts'
import * as queries from './notification-changes.queries.ts'
import { toNotifications } from './notifications.service.ts'

/** The changes of a user's notifications after a known one, ascending. Of a notification that changed twice, only its latest change. */
export type NotificationChanges = {
  /** The number of the user's latest change; 0 without any. */
  latest: number
  /** Whether `changes` leads to `latest`; otherwise there may be more after the last of them. */
  isComplete: boolean
  /** Whether changes after the known one are missing for good, or it is no change of this user: only the whole list helps. */
  isLost: boolean
  unreadCount: number
  changes: NotificationChange[]
}
type NotificationChange =
  | {
      change: number
      notification: Notification
      /** The change that created it; 0 for one that is older than the numbers. */
      createdChange: number
    }
  | { change: number; deletedId: string }

/** Reads at most `limit` changes of a user's notifications after the change `after`. */
export async function readNotificationChanges(
  db: Deps['db'],
  userId: string,
  after: number,
  limit: number,
): Promise<NotificationChanges> {
  const changes = await readNotificationChangesOf(db, [{ userId, change: after }], limit)
  return changes.get(userId) as NotificationChanges
}

/**
 * Reads the changes of several users as {@link readNotificationChanges} does, in one snapshot.
 * @returns by the id of the user
 */
export async function readNotificationChangesOf(
  db: Deps['db'],
  known: readonly queries.KnownChange[],
  limit: number,
): Promise<Map<string, NotificationChanges>> {
  const found = await queries.readChanges(db, known, limit)
  const stored = [...found.values()].flatMap(({ rows }) => rows.flatMap((row) => row.stored ?? []))
  const shown = new Map((await toNotifications(db, stored)).map((notification) => [notification.id, notification]))
  return new Map(
    known.flatMap(({ userId, change: after }) => {
      const changes = found.get(userId)
      return changes ? [[userId, toChanges(changes, { after, limit }, shown)] as const] : []
    }),
  )
}

function toChanges(
  { latest, removed, unreadCount, rows }: queries.UserChanges,
  { after, limit }: { after: number; limit: number },
  shown: ReadonlyMap<string, Notification>,
): NotificationChanges {
  return {
    latest,
    isComplete: rows.length < limit,
    isLost: after < removed || after > latest,
    unreadCount,
    changes: rows.map(({ change, createdChange, notificationId }) => {
      const notification = shown.get(notificationId)
      return notification ? { change, notification, createdChange } : { change, deletedId: notificationId }
    }),
  }
}

/** Reads for which of these users the latest change of notifications is another than the known one; a user without any is left out. */
export const readNotificationCounters = (
  db: Deps['db'],
  known: readonly queries.KnownChange[],
): Promise<queries.KnownChange[]> => queries.readOtherCounters(db, known)
