import { quietTypes } from '@muster/policy'
import { trackOutage } from '@muster/telemetry'
import {
  type NotificationChanges,
  readNotificationChangesOf,
  readNotificationCounters,
} from '../../modules/notifications/notification-changes.service.ts'
import { createBatches } from '../batches.ts'
import type { Connection } from '../connections.ts'
import type { Feature } from '../gateway.ts'
import { emitNotification } from './emit-notification.ts'
import { createFollowers } from './followers.ts'
import { createCountEmitter } from './notification-counts.ts'
import { findQuietUsers } from './quiet-users.ts'

/** Changes of a user that one statement reads; the rest follows at once. */
const changesPerUser = 200

/**
 * Emits new notifications of the connected users, each once to each connection and in the order of their numbers, and the count of unread ones.
 * Signals say when to read; the poll compares the numbers, so that a lost signal delays a notification and loses none.
 */
export const pushNotifications: Feature = (gateway, { log, clock }) => {
  const { db } = gateway.signals
  const followers = createFollowers()
  const counts = createCountEmitter(gateway)
  /** Numbers known to connections that are not among the followers: they have not joined the room of their user, or left it. */
  const apart = new WeakMap<Connection, number>()
  let isClosed = false
  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'notifications' },
    down: 'notifications not read, the next poll tries again',
    up: 'notifications read again',
  })

  const deliver = (
    userId: string,
    { latest, isLost, isComplete, unreadCount, changes }: NotificationChanges,
    isQuiet: boolean,
  ) => {
    for (const change of changes) {
      // In quiet hours the count alone tells of it: clients that keep the list read it by `sync`, without an alert.
      const isNotification = 'notification' in change
      const isHeld = isQuiet && isNotification && quietTypes.includes(change.notification.type)
      const isSent = !isNotification || isHeld || emitNotification(gateway, followers.newTo(userId, change), change)
      // Revocations are not known: what follows is read again once they are.
      if (!isSent) return
      followers.advance(userId, change.change, isNotification ? change.notification : undefined)
    }
    if (isLost) followers.reset(userId, latest)
    // The row of the latest change may be gone.
    else if (isComplete) followers.complete(userId, latest)
    if (!isComplete) wake(userId)
    else if (changes.length > 0 || isLost || counts.isOwed(userId))
      counts.emit(userId, { count: unreadCount, change: latest })
  }
  const readChanges = createBatches<string>(async (userIds) => {
    await gateway.whenOpen()
    const known = followers.known(userIds)
    if (known.length === 0 || isClosed) return
    try {
      const ids = known.map(({ userId }) => userId)
      const [found, quiet] = await Promise.all([
        readNotificationChangesOf(db, known, changesPerUser),
        findQuietUsers(db, ids, clock.now()),
      ])
      for (const [userId, changes] of found) deliver(userId, changes, quiet.has(userId))
      outage.succeeded()
    } catch (error) {
      outage.failed(error)
    }
  })
  /** Reads what changed for a user, after what is being read: an answer that came late would tell an old count. */
  const wake = (userId: string) => void readChanges([userId])
  const readStart = collectStarts(async (userIds) => {
    const rows = await readNotificationCounters(
      db,
      userIds.map((userId) => ({ userId, change: -1 })),
    )
    return new Map(rows.map(({ userId, change }) => [userId, change]))
  })

  gateway.onOpening(async (connection) => {
    apart.set(connection, await readStart(connection.actor.userId))
  })
  gateway.onConnect((connection) => {
    followers.add(connection, apart.get(connection) ?? 0)
    // For what was committed since the start was read.
    wake(connection.actor.userId)
  })
  gateway.onDisconnect((connection) => {
    const known = followers.remove(connection)
    if (known !== undefined) apart.set(connection, known)
    if (!followers.has(connection.actor.userId)) counts.forget(connection.actor.userId)
  })
  gateway.onOpen(() => {
    for (const { userId } of followers.known()) wake(userId)
  })
  gateway.signals.on('notification', ({ room }) => {
    const userId = room.slice('user:'.length)
    if (followers.has(userId)) wake(userId)
  })
  gateway.signals.onPoll(async () => {
    const changed = await readNotificationCounters(db, followers.known())
    for (const { userId } of changed) wake(userId)
  })
  return {
    close() {
      isClosed = true
      counts.close()
    },
  }
}

/** Returns a function that reads a user's number, for all users of one moment by one statement. */
function collectStarts(
  read: (userIds: readonly string[]) => Promise<Map<string, number>>,
): (userId: string) => Promise<number> {
  type Waiting = { userId: string } & PromiseWithResolvers<number>
  const collect = createBatches<Waiting>(async (waiting) => {
    try {
      const found = await read([...new Set(waiting.map(({ userId }) => userId))])
      for (const { userId, resolve } of waiting) resolve(found.get(userId) ?? 0)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  })
  return (userId) => {
    const waiting = { userId, ...Promise.withResolvers<number>() }
    void collect([waiting])
    return waiting.promise
  }
}
