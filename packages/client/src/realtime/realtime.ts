import { type ChatHandle, createChat, type MessageApi } from '../chat/chat.ts'
import type { EntryDeps } from '../chat/chat-entry.ts'
import { type ChatListStore, createChats } from '../chat/chats.ts'
import { createOutbox } from '../chat/outbox.ts'
import type { OutboxItem, OutboxStorage } from '../chat/outbox-storage.ts'
import { createReadMarks } from '../chat/read-marks.ts'
import { createTyping } from '../chat/typing.ts'
import type { Chat, Message, ServerEvents } from '../generated/schemas.gen.ts'
import type { CookieJar } from '../http/cookie-jar.ts'
import { createInbox, type Inbox } from '../notifications/inbox.ts'
import { createPresence, type PresenceStore } from '../presence/presence.ts'
import type { SessionCore } from '../session/session.ts'
import type { Store } from '../store.ts'
import { type ConnectionState, createConnection } from './connection.ts'
import { createEmitter } from './emitter.ts'
import type { ChatChangeEvent, ServerEventName } from './event-types.ts'
import { createSynchronizer } from './synchronize.ts'

/** The events that a program can listen to: those of the server, and those of the client itself. */
export type RealtimeEvents = ServerEvents & {
  /** After each connection: nothing was missed, or it was made good. */
  synced: undefined
  /** After a connection that had to read something anew, as after a restored backup. */
  resynced: undefined
  /** The server refused a message for good; it stays in `outgoing` of its chat. */
  'message:refused': OutboxItem
}

/** The connection of the user who is signed in, and what it keeps up to date. It begins and ends with the session. */
export interface Realtime {
  readonly connection: Store<ConnectionState>
  readonly chats: ChatListStore
  readonly notifications: Inbox
  readonly presence: PresenceStore
  /** Calls the listener for each event. Changes of a chat come once each and in their order. @returns a function that ends this */
  on<Name extends keyof RealtimeEvents>(event: Name, listener: (payload: RealtimeEvents[Name]) => void): () => void
  /** Resolves as soon as everything is up to date. */
  whenOpen(options?: { signal?: AbortSignal | undefined }): Promise<void>
}

/** The calls over HTTP that the realtime part makes. */
export type RealtimeApi = {
  readChats: (signal?: AbortSignal) => Promise<Chat[]>
  readChat: EntryDeps['readChat']
  readMessages: EntryDeps['readMessages']
  messages: MessageApi
  upload: (item: OutboxItem, signal: AbortSignal) => Promise<string[]>
  send: (item: OutboxItem, signal: AbortSignal) => Promise<Message>
  markRead: (chatId: string, seq: number) => Promise<unknown>
  inbox: Omit<Parameters<typeof createInbox>[0], 'sync'>
}

type Deps = {
  baseUrl: string
  cookies: CookieJar | undefined
  session: SessionCore
  storage: OutboxStorage
  api: RealtimeApi
}

const maxStaleDelayMs = 3_000
const ownSettings = new Set(['muteChat', 'unmuteChat', 'archiveChat', 'unarchiveChat'])

/** Wires the socket to the stores. Nothing is connected before `start`. */
export function createRealtime({ baseUrl, cookies, session, storage, api }: Deps) {
  /** Without the second factor that the organization requires, the server tells nothing. */
  const userId = () => {
    const snapshot = session.store.getSnapshot()
    return snapshot.status === 'signed-in' ? snapshot.user.id : null
  }
  const emitter = createEmitter<RealtimeEvents>()
  const handles = new Map<string, ReturnType<typeof createChat>>()
  let isStarted = false

  const touch = (chatId: string) => {
    const entry = chats.get(chatId)
    if (entry) outbox.confirmUpTo(chatId, entry.order.cursor())
    handles.get(chatId)?.core.invalidate()
  }
  const chats = createChats({
    ...{ userId, readChats: api.readChats, readChat: api.readChat, readMessages: api.readMessages },
    syncChat: (id) => synchronizer.syncChat(id),
    onApplied: applied,
    onChange: touch,
  })
  const inbox = createInbox({ ...api.inbox, sync: () => synchronizer.syncInbox() })
  const synchronizer = createSynchronizer({ connection: () => connection, chats, inbox })
  const presence = createPresence({ connection: () => connection })
  const typing = createTyping({ connection: () => connection, onChange: touch })
  const readMarks = createReadMarks({
    // HTTP says more exactly than a socket why it refuses.
    send: (chatId, seq) => connection.request('chat:read', { chatId, seq }).catch(() => api.markRead(chatId, seq)),
    onRefused: (chatId) => void chats.get(chatId)?.refetch(),
  })
  const outbox = createOutbox({
    ...{ storage, userId, upload: api.upload, send: api.send, onChange: touch },
    onSent: (message) => chats.get(message.chatId)?.window.applyNext(message),
    onRefused: (item) => {
      // A chat that has become read-only says so itself.
      void chats.get(item.chatId)?.refetch()
      emitter.emit('message:refused', item)
    },
  })
  const connection = createConnection({
    ...{ baseUrl, cookies, userId, onEvent: receive, onOpen: synchronize },
    restoreSession: session.restore,
    sessionEnded: session.end,
    onFailure(error) {
      for (const part of [chats, inbox]) part.failed(error)
    },
  })

  function applied(_chatId: string, change: ChatChangeEvent): void {
    if (change.kind === 'message') {
      outbox.confirm(change.message)
      typing.end(change.chatId, change.message.sender.id)
    }
    if (change.kind === 'member' && change.member.leftAt !== null) typing.end(change.chatId, change.member.user.id)
    emitter.emit('chat:change', change)
  }

  function receive<Name extends ServerEventName>(event: Name, payload: ServerEvents[Name]): void {
    const receiver = receivers[event] as ((payload: ServerEvents[Name]) => void) | undefined
    receiver?.(payload)
    // Changes of a chat are told when it is their turn.
    if (event !== 'chat:change') emitter.emit(event, payload as RealtimeEvents[Name])
  }

  const receivers: { [Name in ServerEventName]?: (payload: ServerEvents[Name]) => void } = {
    notification: inbox.receive,
    'notification:count': inbox.receiveCount,
    'chat:change': chats.receive,
    'chat:read': (position) => chats.readBy(position),
    'chat:typing': typing.receive,
    presence: presence.receive,
    stale({ kinds }) {
      if (kinds.includes('typing')) typing.clear()
      // A new connection is told too, and reads everything anyway. Otherwise all clients are told at once, so they take turns.
      if (connection.state.getSnapshot() === 'open') setTimeout(() => catchUp(kinds), Math.random() * maxStaleDelayMs)
    },
  }

  function catchUp(kinds: readonly string[]): void {
    if (connection.state.getSnapshot() !== 'open') return
    if (kinds.includes('presence')) presence.refresh()
    if (kinds.includes('read-positions')) void synchronizer.syncAll(new AbortController().signal).catch(() => undefined)
  }

  /** Brings everything up to date on a new connection. */
  async function synchronize(signal: AbortSignal): Promise<void> {
    chats.hold()
    signal.addEventListener('abort', () => {
      chats.hold()
      typing.clear()
      presence.disconnected()
    })
    await chats.load(signal)
    const isResynced = await synchronizer.syncAll(signal)
    signal.throwIfAborted()
    queueMicrotask(() => {
      if (signal.aborted) return
      presence.refresh()
      readMarks.flushAll()
      void outbox.load().then(outbox.wake)
      emitter.emit(isResynced ? 'resynced' : 'synced', undefined)
    })
  }

  function begin(): void {
    if (!isStarted || userId() === null) return
    void outbox.load()
    connection.start()
  }

  function reset(): void {
    connection.stop()
    for (const part of [chats, inbox, synchronizer, presence, outbox, readMarks, ...handles.values()]) part.reset()
    typing.clear()
  }

  const start = () => {
    if (isStarted) return
    isStarted = true
    begin()
  }
  let present = userId()
  const endFollowing = session.store.subscribe(() => {
    if (userId() === present) return
    present = userId()
    reset()
    begin()
  })
  const endListening = onNetworkChange(() => {
    connection.retryNow()
    outbox.wake()
  })

  const realtime: Realtime = {
    connection: connection.state,
    chats: { ...chats.list, reload: chats.reload },
    notifications: { ...inbox, ...inbox.store },
    presence: { ...presence.store, follow: presence.follow },
    on: emitter.on,
    whenOpen: ({ signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const look = () => {
          if (connection.state.getSnapshot() !== 'open') return
          end()
          resolve()
        }
        const abort = () => {
          end()
          reject(signal?.reason)
        }
        const unsubscribe = connection.state.subscribe(look)
        const end = () => {
          unsubscribe()
          signal?.removeEventListener('abort', abort)
        }
        signal?.addEventListener('abort', abort)
        look()
      }),
  }

  return {
    realtime,
    start,
    emitter,
    discardUnsent: outbox.discardAll,
    /** Takes over what methods change of a chat for this user alone, which no event tells. */
    succeeded(operation: string, result: unknown): void {
      if (!ownSettings.has(operation)) return
      const { id, muted, mutedUntil, mutesMentions, archived } = result as Chat
      chats.get(id)?.update({ muted, mutedUntil, mutesMentions, archived })
    },
    chat(id: string): ChatHandle {
      const handle =
        handles.get(id) ?? createChat(id, { chats, outbox, typing, readMarks, messages: api.messages, start })
      handles.set(id, handle)
      return handle
    },
    close(): void {
      isStarted = false
      endFollowing()
      endListening()
      reset()
    },
  }
}

/** Calls the listener when the browser is connected to a network again. */
function onNetworkChange(listener: () => void): () => void {
  const { addEventListener, removeEventListener } = globalThis as {
    addEventListener?: (event: string, listener: () => void) => void
    removeEventListener?: (event: string, listener: () => void) => void
  }
  addEventListener?.('online', listener)
  return () => removeEventListener?.('online', listener)
}
