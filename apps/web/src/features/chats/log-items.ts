import type { Message } from '@muster/client'
import { type Day, dayOf } from '../../lib/dates.ts'

export type LogItem =
  | { kind: 'day'; key: string; day: Day }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: Message; isFirst: boolean }

/** Messages of one sender that follow within this time are one run. */
const runMs = 5 * 60_000

/**
 * Puts the days and the mark of what is new between messages, and divides them into runs of one sender.
 * @param unreadAfter messages of others after this number are new; null without a mark
 */
export function logItems(
  messages: readonly Message[],
  { me, timeZone, unreadAfter }: { me: string; timeZone: string; unreadAfter: number | null },
): LogItem[] {
  const items: LogItem[] = []
  let before: Message | undefined
  let isMarked = unreadAfter === null
  for (const message of messages) {
    const day = dayOf(message.createdAt, timeZone)
    let isFirst = !before || before.sender.id !== message.sender.id || msBetween(before, message) > runMs
    if (!before || dayOf(before.createdAt, timeZone) !== day) {
      items.push({ kind: 'day', key: `day ${day}`, day })
      isFirst = true
    }
    if (!isMarked && isUnread(message, unreadAfter ?? 0, me)) {
      items.push({ kind: 'unread', key: 'unread' })
      isMarked = isFirst = true
    }
    items.push({ kind: 'message', key: message.id, message, isFirst })
    before = message
  }
  return items
}

/** Tells whether a message is one of those that the user has yet to read. */
export const isUnread = ({ seq, sender, deletedAt }: Message, readSeq: number, me: string): boolean =>
  seq > readSeq && sender.id !== me && deletedAt === null

const msBetween = (one: Message, other: Message) => Date.parse(other.createdAt) - Date.parse(one.createdAt)
