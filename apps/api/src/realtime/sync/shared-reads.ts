import { inBatches } from '@muster/db'
import { type ChatChanges, readChangesOf, type WantedChanges } from '../../modules/chats/change-feed.service.ts'
import {
  type NotificationChanges,
  readNotificationChangesOf,
} from '../../modules/notifications/notification-changes.service.ts'
import type { MembershipRow } from '../delivery/membership.ts'
import { listPositions, listSpans, type PositionRow, readRestoreEpoch, type Span } from './sync.queries.ts'

/*
 * What `sync` reads, shared by the calls of one moment: a thousand clients that come back at once need a few statements, and the changes of
 * a chat that many of them miss are read once.
 */

type Reader = { userId: string; chatIds: readonly string[] }
type KnownNotifications = { userId: string; change: number; limit: number }

export const readSharedEpoch = inBatches<null, string>(async (db, asked) => {
  const epoch = await readRestoreEpoch(db)
  return asked.map(() => epoch)
})

export const readSharedSpan = inBatches<Span, MembershipRow[]>(listSpans)

export const readSharedPositions = inBatches<Reader, PositionRow[]>(listPositions)

/** Reads as `readChangesOf` does. */
export const readSharedChanges = inBatches<readonly WantedChanges[], ReadonlyMap<string, ChatChanges>>(
  async (db, asked) => {
    const found = await readChangesOf(db, [...mergeWanted(asked.flat()).values()])
    return asked.map((wanted) => new Map(wanted.flatMap((part) => partOf(found, part))))
  },
)

/** Reads as `readNotificationChanges` does. Calls of one user have statements of their own, since a statement answers by user. */
export const readSharedNotifications = inBatches<KnownNotifications, NotificationChanges>(async (db, asked) => {
  const [limit = 0] = asked.map((known) => known.limit)
  const answers = new Map<KnownNotifications, NotificationChanges>()
  for (let left = asked; left.length > 0; ) {
    const byUser = new Map(left.map((known) => [known.userId, known]))
    const found = await readNotificationChangesOf(db, [...byUser.values()], limit)
    for (const known of byUser.values()) answers.set(known, found.get(known.userId) as NotificationChanges)
    left = left.filter((known) => !answers.has(known))
  }
  return asked.map((known) => answers.get(known) as NotificationChanges)
})

/** Returns one reading of each chat that has what every caller wants of it: a number belongs to at most one change. */
function mergeWanted(wanted: readonly WantedChanges[]): Map<string, WantedChanges> {
  const merged = new Map<string, WantedChanges>()
  for (const part of wanted) {
    const known = merged.get(part.chatId) ?? part
    const after = Math.min(known.after, part.after)
    const upTo = Math.max(known.after + known.limit, part.after + part.limit)
    merged.set(part.chatId, { chatId: part.chatId, after, limit: upTo - after })
  }
  return merged
}

function partOf(
  found: ReadonlyMap<string, ChatChanges>,
  { chatId, after, limit }: WantedChanges,
): [string, ChatChanges][] {
  const chat = found.get(chatId)
  if (!chat) return []
  return [[chatId, { ...chat, changes: chat.changes.filter(({ change }) => change > after).slice(0, limit) }]]
}
