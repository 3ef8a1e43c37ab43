import type { ChatMembership } from '@muster/policy'
import type { Gateway } from '../gateway.ts'
import type { MembershipRow } from './membership.ts'

/** A member of a chat who is connected to this instance, with the numbers that decide what they get. */
export type LocalMember = ChatMembership

/** A chat that has members on this instance. There are many of them. */
export type FollowedChat = {
  readonly id: string
  /** The number of the latest change that was emitted, or that was there when the chat was first followed. */
  sent: number
  /** The number of the latest change that is known to exist. */
  known: number
  /** Since when a known change waits to be emitted, by the steady clock; undefined when none does. */
  waitsSinceMs: number | undefined
  isReading: boolean
  /** By user. Who has left stays until the change by which they left was emitted. */
  readonly members: Map<string, LocalMember>
}

export type FollowedChats = {
  get(chatId: string): FollowedChat | undefined
  values(): IterableIterator<FollowedChat>
  readonly size: number
  /**
   * Adds memberships that were read just now, and lets all connections of their users join the rooms.
   * @param isNew whether the users were added just now: then they get the changes from the one on by which they were
   */
  add(memberships: readonly MembershipRow[], options: { isNew: boolean }): void
  /** Takes over a membership that the sequencer reads with a change. */
  setMember(chat: FollowedChat, userId: string, member: LocalMember): void
  /** Removes a member, whose connections leave the room. */
  removeMember(chat: FollowedChat, userId: string): void
  /** Forgets ends of memberships that no read in flight can have missed. */
  forgetEnds(): void
}

/** A read takes less than this, or fails. */
const readsTakeAtMostMs = 30_000

/** Keeps the chats of connected users, and their connections in the rooms of these chats. */
export function createFollowedChats(connections: Gateway['connections']): FollowedChats {
  const chats = new Map<string, FollowedChat>()
  /** By chat and user: the change by which a membership ended. Who was read before it must not be added after it. */
  const ends = new Map<string, { change: number; atMs: number }>()
  const keyOf = (chatId: string, userId: string) => `${chatId}:${userId}`

  const join = (chat: FollowedChat, userId: string) => {
    for (const connection of connections.ofUser(userId)) {
      connections.join(connection, `chat:${chat.id}`)
      connection.chats.add(chat.id)
    }
  }
  const open = (row: MembershipRow, sent: number): FollowedChat => {
    const chat: FollowedChat = {
      id: row.chat_id,
      sent,
      known: sent,
      waitsSinceMs: undefined,
      isReading: false,
      members: new Map(),
    }
    chats.set(chat.id, chat)
    return chat
  }
  /** Tells whether the membership ended after it was read, which the sequencer of the chat knows already. */
  const hasEnded = (chat: FollowedChat, row: MembershipRow) =>
    row.change < chat.sent && (ends.get(keyOf(row.chat_id, row.user_id))?.change ?? 0) > row.change

  return {
    get: (chatId) => chats.get(chatId),
    values: () => chats.values(),
    get size() {
      return chats.size
    },
    add(memberships, { isNew }) {
      const opened = new Set<FollowedChat>()
      for (const row of memberships) {
        if (!connections.hasUser(row.user_id)) continue
        let chat = chats.get(row.chat_id)
        if (!chat) {
          chat = open(row, isNew ? row.joined_change - 1 : row.change)
          opened.add(chat)
        }
        if (isNew && opened.has(chat)) chat.known = chat.sent = Math.min(chat.sent, row.joined_change - 1)
        if (hasEnded(chat, row)) continue
        if (!chat.members.has(row.user_id))
          chat.members.set(row.user_id, {
            joined_seq: row.joined_seq,
            joined_change: row.joined_change,
            left_change: null,
          })
        join(chat, row.user_id)
      }
    },
    setMember(chat, userId, member) {
      if (member.left_change !== null)
        ends.set(keyOf(chat.id, userId), { change: member.left_change, atMs: performance.now() })
      if (!connections.hasUser(userId)) return
      chat.members.set(userId, member)
      join(chat, userId)
    },
    removeMember(chat, userId) {
      chat.members.delete(userId)
      for (const connection of connections.ofUser(userId)) {
        connections.leave(connection, `chat:${chat.id}`)
        connection.chats.delete(chat.id)
      }
      if (chat.members.size === 0) chats.delete(chat.id)
    },
    forgetEnds() {
      const nowMs = performance.now()
      for (const [key, { atMs }] of ends) {
        if (nowMs - atMs < readsTakeAtMostMs) break
        ends.delete(key)
      }
    },
  }
}
