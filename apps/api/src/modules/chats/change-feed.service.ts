import type { Db, Trx } from '@muster/db'
import type { ChatChange } from '@muster/realtime/events'
import { type ChangeRow, listChanges, type WantedChanges } from './change-feed.queries.ts'
import { type HeaderRow, type MemberRow, toHeader, toMember } from './chat-view.ts'
import { isVisible, type MessageRow, messageViewKey, toMessage } from './message-view.ts'

export type { HeaderRow, MemberRow, MessageRow, WantedChanges }

/** A change of a chat with the current state of the row that it belongs to, the same for all viewers. */
export type FeedChange = { chatId: string; change: number; firstSeq: number } & (
  | { kind: 'message'; row: MessageRow }
  | { kind: 'member'; row: MemberRow }
  | { kind: 'chat'; row: HeaderRow }
)

/** Changes of one chat, ascending. `latest` is the counter of the chat: changes up to it that are missing were overwritten by later ones, unless `limit` cut them off. */
export type ChatChanges = { chatId: string; latest: number; firstSeq: number; changes: FeedChange[] }

/** Who gets a change: a user, and the number of the last message before they joined. */
export type FeedViewer = { userId: string; joinedSeq: number }

/** Reads the changes of a chat after a number, in one statement; undefined for an unknown chat. */
export async function readChanges(
  db: Db | Trx,
  chatId: string,
  { after, limit }: { after: number; limit: number },
): Promise<ChatChanges | undefined> {
  return (await readChangesOf(db, [{ chatId, after, limit }])).get(chatId)
}

/** Reads the changes of many chats, in one statement. Unknown chats are left out. Each chat is named once. */
export async function readChangesOf(
  db: Db | Trx,
  wanted: readonly WantedChanges[],
): Promise<ReadonlyMap<string, ChatChanges>> {
  const found = new Map<string, ChatChanges>()
  if (wanted.length === 0) return found
  for (const row of await listChanges(db, wanted)) {
    const { chatId, latest, firstSeq } = row
    const chat = found.get(chatId) ?? { chatId, latest, firstSeq, changes: [] }
    found.set(chatId, chat)
    const change = toFeedChange(row)
    if (change) chat.changes.push(change)
  }
  return found
}

function toFeedChange({ chatId, firstSeq, change, message, member, chat }: ChangeRow): FeedChange | undefined {
  if (change === null) return undefined
  const place = { chatId, change, firstSeq }
  if (message) return { ...place, kind: 'message', row: message }
  if (member) return { ...place, kind: 'member', row: member }
  return chat ? { ...place, kind: 'chat', row: chat } : undefined
}

/**
 * Returns what a viewer gets of a change, without `chatId` and `prev`. Whether they get it at all decides `changeDeliveredTo`
 * of packages/policy.
 */
export function viewChange(feedChange: FeedChange, { userId, joinedSeq }: FeedViewer): ChatChange {
  const { change, firstSeq, kind, row } = feedChange
  if (kind === 'member') return { kind, change, member: toMember(row) }
  if (kind === 'chat') return { kind, change, chat: toHeader(row) }
  const viewer = { userId, joinedSeq, firstSeq }
  if (!isVisible(row.seq, viewer)) return { kind: 'hidden', change, hidden: true }
  return { kind, change, message: toMessage(row, viewer) }
}

/**
 * Returns a key that is equal for viewers to whom {@link viewChange} gives the same, so that it is encoded once for them.
 * @public
 */
export function viewKey(feedChange: FeedChange, { userId, joinedSeq }: FeedViewer): string {
  if (feedChange.kind !== 'message') return 'all'
  const viewer = { userId, joinedSeq, firstSeq: feedChange.firstSeq }
  return isVisible(feedChange.row.seq, viewer) ? messageViewKey(feedChange.row, viewer) : 'hidden'
}
