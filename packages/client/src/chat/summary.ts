import type { Chat, Message } from '../generated/schemas.gen.ts'
import type { ChatChangeEvent } from '../realtime/event-types.ts'

/** A chat as its list shows it. `chat.change` is the latest change that it includes. */
export type Summary = {
  readonly chat: Chat
  /** Numbers of messages below `chat.lastSeq` that have not come yet: a later change of them does. */
  readonly missing: ReadonlySet<number>
}

/** `refetch`: the change touches what it does not carry, so the chat must be read. `ended`: the user is no member any more. */
export type Effect = 'none' | 'refetch' | 'ended'

/** The server counts unread messages exactly up to 99; 100 stands for more. */
const maxUnread = 100
const noneMissing: ReadonlySet<number> = new Set()

export const summaryOf = (chat: Chat): Summary => ({ chat, missing: noneMissing })

/** Applies a change to the summary of a chat. @param me the id of the user */
export function applyToSummary(
  summary: Summary,
  change: ChatChangeEvent,
  me: string,
): { summary: Summary; effect: Effect } {
  const { chat } = summary
  if (change.change <= chat.change) return { summary, effect: 'none' }
  const at = change.change
  switch (change.kind) {
    case 'message':
      return applyMessage({ ...summary, chat: { ...chat, change: at } }, change.message, me)
    case 'member': {
      const { user, leftAt, role } = change.member
      const isOwn = user.id === me
      const next = { ...chat, change: at, ...(isOwn && { role }) }
      return { summary: { ...summary, chat: next }, effect: isOwn && leftAt !== null ? 'ended' : 'refetch' }
    }
    case 'chat': {
      const isSwept = change.chat.firstSeq > chat.firstSeq
      const missing = isSwept
        ? new Set([...summary.missing].filter((seq) => seq >= change.chat.firstSeq))
        : summary.missing
      return {
        summary: { chat: { ...chat, ...change.chat, change: at }, missing },
        effect: isSwept ? 'refetch' : 'none',
      }
    }
    default:
      return { summary: { ...summary, chat: { ...chat, change: at } }, effect: 'none' }
  }
}

function applyMessage({ chat, missing }: Summary, message: Message, me: string): { summary: Summary; effect: Effect } {
  const isNew = message.seq > chat.lastSeq || missing.has(message.seq)
  const isCounted = message.sender.id !== me && message.seq > Math.max(chat.readSeq, chat.joinedSeq)
  const isDeleted = message.deletedAt !== null
  const { lastMessage, unreadCount } = chat
  // A tombstone does not change any more, so a known message that is one now was counted before.
  const added = !isCounted ? 0 : isNew ? Number(!isDeleted) : -Number(isDeleted)
  const isUnsure = added < 0 && unreadCount >= maxUnread
  const next = {
    ...chat,
    lastSeq: Math.max(chat.lastSeq, message.seq),
    lastMessage: !lastMessage || message.seq >= lastMessage.seq ? message : lastMessage,
    unreadCount: Math.max(0, Math.min(maxUnread, unreadCount + added)),
  }
  return {
    summary: { chat: next, missing: missingAfter(missing, chat.lastSeq, message.seq) },
    effect: isUnsure ? 'refetch' : 'none',
  }
}

function missingAfter(missing: ReadonlySet<number>, lastSeq: number, seq: number): ReadonlySet<number> {
  if (seq === lastSeq + 1 || (seq <= lastSeq && !missing.has(seq))) return missing
  const next = new Set(missing)
  next.delete(seq)
  for (let between = lastSeq + 1; between < seq; between++) next.add(between)
  return next
}

/** Counts the unread messages of a list that has all since the last read one. */
export function countUnread(messages: readonly Message[], { readSeq, joinedSeq }: Chat, me: string): number {
  const from = Math.max(readSeq, joinedSeq)
  const unread = messages.filter(({ seq, sender, deletedAt }) => seq > from && sender.id !== me && deletedAt === null)
  return Math.min(maxUnread, unread.length)
}
