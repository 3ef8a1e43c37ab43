import type { Chat, Message } from '../generated/schemas.gen.ts'
import { MusterError } from '../http/error.ts'
import { backoffMs } from '../http/retry.ts'
import type { ChatChangeEvent } from '../realtime/event-types.ts'
import { createChangeOrder } from './change-order.ts'
import { createMessageWindow } from './message-window.ts'
import { applyToSummary, countUnread, type Effect, type Summary, summaryOf } from './summary.ts'

export type EntryDeps = {
  userId: string
  readChat: (id: string) => Promise<Chat>
  readMessages: (
    id: string,
    query: { before?: number; limit: number },
  ) => Promise<{ messages: Message[]; hasMore: boolean }>
  onChange: (id: string) => void
  /** Is called with each change in its order, after it took effect. */
  onApplied: (id: string, change: ChatChangeEvent) => void
  onGap: (id: string) => void
  onEnded: (id: string) => void
}

export type ChatEntry = ReturnType<typeof createChatEntry>

/** Keeps what the client knows of one chat: its summary, and its messages once they are shown. Changes wait until the first `release`. */
export function createChatEntry(deps: EntryDeps, first: Chat) {
  const { id } = first
  const { userId, onChange } = deps
  let summary: Summary = summaryOf(first)
  const readPositions = new Map<string, number>()
  const window = createMessageWindow(
    (query) => deps.readMessages(id, query),
    () => onChange(id),
  )
  const order = createChangeOrder(first.change, { apply, onGap: () => deps.onGap(id) })
  /** Changes that came while the chat was read again. */
  let sinceRead: ChatChangeEvent[] | undefined
  let isDirty = false
  let isClosed = false

  function apply(change: ChatChangeEvent): void {
    const applied = applyToSummary(summary, change, userId)
    summary = applied.summary
    sinceRead?.push(change)
    if (change.kind === 'message') window.apply(change.message)
    if (change.kind === 'chat') window.dropBelow(change.chat.firstSeq)
    act(applied.effect)
    onChange(id)
    deps.onApplied(id, change)
  }

  function act(effect: Effect): void {
    if (effect === 'ended') deps.onEnded(id)
    if (effect === 'refetch') void refetch()
  }

  /** Reads the chat again, once more when something asks for it meanwhile. */
  async function refetch(): Promise<void> {
    isDirty = true
    if (sinceRead) return
    for (let failures = 0; isDirty && !isClosed; ) {
      isDirty = false
      sinceRead = []
      try {
        replaceSummary(await deps.readChat(id), sinceRead)
        failures = 0
      } catch (error) {
        if (error instanceof MusterError && error.status >= 400 && error.status < 500 && error.status !== 429) break
        if (++failures > 5) break
        isDirty = true
        await new Promise((resolve) => setTimeout(resolve, backoffMs(failures)))
      }
    }
    sinceRead = undefined
    onChange(id)
  }

  function replaceSummary(chat: Chat, newer: readonly ChatChangeEvent[]): void {
    const { readSeq } = summary.chat
    summary = summaryOf(chat)
    window.dropBelow(chat.firstSeq)
    for (const change of newer) summary = applyToSummary(summary, change, userId).summary
    if (readSeq > chat.readSeq) setReadSeq(readSeq)
  }

  function setReadSeq(readSeq: number): void {
    const { chat, missing } = summary
    if (readSeq <= chat.readSeq) return
    summary = { missing, chat: { ...chat, readSeq, unreadCount: readSeq >= chat.lastSeq ? 0 : chat.unreadCount } }
    if (readSeq < chat.lastSeq && !coversUnread()) isDirty = true
    onChange(id)
  }

  /** Tells whether the loaded messages have all unread ones, so that they can be counted. */
  function coversUnread(): boolean {
    const { readSeq, joinedSeq, lastSeq, change } = summary.chat
    const [oldest] = window.messages()
    if (!window.isLoaded() || summary.missing.size > 0 || change > order.cursor()) return false
    if (!oldest) return lastSeq === 0 || !window.hasOlder()
    return !window.hasOlder() || oldest.seq <= Math.max(readSeq, joinedSeq) + 1
  }

  return {
    id,
    order,
    window,
    readPositions,
    refetch: () => refetch(),
    /** Returns the chat as it is known now. */
    chat(): Chat {
      const { chat } = summary
      return coversUnread() ? { ...chat, unreadCount: countUnread(window.messages(), chat, userId) } : chat
    },
    /** Replaces everything by what the server has, and goes on from there. */
    async resync(): Promise<void> {
      order.hold()
      const chat = await deps.readChat(id)
      summary = summaryOf(chat)
      readPositions.clear()
      if (window.isLoaded()) await window.load()
      order.restart(chat.change)
      onChange(id)
    },
    /** Applies what a sync answered, whose last change is `latest`. @param isWhole whether that is all that was missing */
    applySynced(changes: readonly ChatChangeEvent[], latest: number, isWhole: boolean): void {
      for (const change of changes) if (change.change > order.cursor()) apply(change)
      if (isWhole) order.release(latest)
      else order.advance(latest)
    },
    /** Records how far the user has read, here or elsewhere. */
    read(readSeq: number): void {
      setReadSeq(readSeq)
      if (isDirty) void refetch()
    },
    update(fields: Partial<Chat>): void {
      summary = { ...summary, chat: { ...summary.chat, ...fields } }
      onChange(id)
    },
    close() {
      isClosed = true
      order.hold()
    },
  }
}
