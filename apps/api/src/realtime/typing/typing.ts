import type { Signal } from '@muster/signals'
import type { Context } from '../../context.ts'
import { assertMayType } from '../../modules/chats/may-type.service.ts'
import type { Connection } from '../connections.ts'
import type { Feature, Gateway } from '../gateway.ts'
import { keepTypists } from './typists.ts'

/** A user is announced as typing in a chat once in this time. */
const pauseMs = 3_000

/** Tells the members of a chat who types. */
export const typing: Feature = (gateway, context) => {
  announceTypists(gateway, context)
  return showTypists(gateway)
}

/** Announces the typists among the users who are connected here. */
function announceTypists(gateway: Gateway, { lookups, publisher }: Pick<Context, 'lookups' | 'publisher'>): void {
  const { connections } = gateway
  /** By chat and user, until when no further sign is announced. */
  const announcedUntilMs = new Map<string, number>()
  const chatsOf = new WeakMap<Connection, Set<string>>()

  const announce = (chatId: string, userId: string, fields: Pick<Signal, 'isTyping' | 'seq'>) =>
    publisher.signal([{ room: `chat:${chatId}`, event: 'chat:typing', chatId, userId, ...fields }])
  const isPaused = (key: string) => {
    const nowMs = performance.now()
    for (const [old, untilMs] of announcedUntilMs) {
      if (untilMs > nowMs) break
      announcedUntilMs.delete(old)
    }
    if (announcedUntilMs.has(key)) return true
    announcedUntilMs.set(key, nowMs + pauseMs)
    return false
  }
  const stop = (connection: Connection, chatId: string) => {
    if (!chatsOf.get(connection)?.delete(chatId)) return
    const { userId } = connection.actor
    for (const another of connections.ofUser(userId))
      if (another !== connection && chatsOf.get(another)?.has(chatId)) return
    announce(chatId, userId, { isTyping: false })
  }

  gateway.handle('chat:typing', async (connection, { chatId, isTyping }) => {
    const { userId } = connection.actor
    const { lastSeq } = await assertMayType(lookups, userId, chatId)
    if (!isTyping) {
      stop(connection, chatId)
      return {}
    }
    chatsOf.set(connection, (chatsOf.get(connection) ?? new Set()).add(chatId))
    if (!isPaused(`${chatId} ${userId}`)) announce(chatId, userId, { isTyping: true, seq: lastSeq })
    return {}
  })
  gateway.onDisconnect((connection) => {
    for (const chatId of [...(chatsOf.get(connection) ?? [])]) stop(connection, chatId)
  })
}

/** Shows typists to the members who are connected here. A typist whose process ends without a word is shown 6 s at most. */
function showTypists(gateway: Gateway) {
  const { connections } = gateway
  const show = (chatId: string, userId: string, isTyping: boolean) => {
    const others = [...connections.inRoom(`chat:${chatId}`)].filter(({ actor }) => actor.userId !== userId)
    return gateway.emit(others, 'chat:typing', { chatId, userId, isTyping }, { isDroppable: true })
  }
  /** Ends that could not be told, because revocations were not known. */
  let untold: { chatId: string; userId: string }[] = []
  const typists = keepTypists((chatId, userId) => {
    if (!show(chatId, userId, false)) untold.push({ chatId, userId })
  })
  gateway.onOpen(() => {
    const ended = untold.filter(({ chatId, userId }) => typists.lastSeqOf(chatId, userId) === undefined)
    untold = []
    for (const { chatId, userId } of ended) show(chatId, userId, false)
  })

  gateway.signals.on('chat:typing', ({ chatId, userId, isTyping, seq }) => {
    if (!chatId || !userId) return
    if (!isTyping) return typists.end(chatId, userId)
    for (const _one of connections.inRoom(`chat:${chatId}`)) {
      typists.begin(chatId, userId, seq ?? 0)
      show(chatId, userId, true)
      return
    }
  })
  // Who has sent what they typed, or has left, does not type any more.
  gateway.onChange((change) => {
    if (change.kind === 'member' && change.row.leftChange !== null) typists.end(change.chatId, change.row.user.id)
    if (change.kind !== 'message') return
    const { sender, seq } = change.row
    if (seq > (typists.lastSeqOf(change.chatId, sender.id) ?? seq)) typists.end(change.chatId, sender.id)
  })
  return typists
}
