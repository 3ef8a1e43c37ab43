import type { Chat } from '../generated/schemas.gen.ts'
import { MusterError } from '../http/error.ts'
import { backoffMs } from '../http/retry.ts'
import { sleep } from '../http/sleep.ts'
import { newestFirst } from '../newest-first.ts'
import type { ChatChangeEvent, SyncAnswer } from '../realtime/event-types.ts'
import { createDerivedStore, type Store } from '../store.ts'
import { type ChatEntry, createChatEntry, type EntryDeps } from './chat-entry.ts'

/** The chats of the user, those with the latest activity first; archived ones are among them, with `archived`. */
export type ChatList = {
  /** `failed` when the chats could not be read, which the next connection or `reload` repeats. */
  status: 'idle' | 'loading' | 'ready' | 'failed'
  /** Why the status is `failed`. */
  error: MusterError | undefined
  items: readonly Chat[]
  /** Unread messages of all chats that are neither muted nor archived. */
  unreadCount: number
}

export interface ChatListStore extends Store<ChatList> {
  /** Reads the chats once more, unless they are known: changes keep them up to date. */
  reload(): Promise<void>
}

type Deps = {
  userId: () => string | null
  readChats: (signal?: AbortSignal) => Promise<Chat[]>
  readChat: EntryDeps['readChat']
  readMessages: EntryDeps['readMessages']
  /** Reads the missing changes of one chat. */
  syncChat: (id: string) => Promise<void>
  onApplied: (id: string, change: ChatChangeEvent) => void
  /** Is called when what is known of a chat has changed. */
  onChange: (id: string) => void
}

export type Chats = ReturnType<typeof createChats>

/** Keeps the chats of the user. */
export function createChats(deps: Deps) {
  const entries = new Map<string, ChatEntry>()
  /** Chats that became known by a change, and are read; with the changes that wait for it. */
  const adopted = new Map<string, ChatChangeEvent[]>()
  let status: ChatList['status'] = 'idle'
  let failure: MusterError | undefined
  /** Counts users, so that a late answer for an earlier one is dropped. */
  let generation = 0
  const list = createDerivedStore(computeList)

  function computeList(): ChatList {
    const items = [...entries.values()].map((entry) => entry.chat()).sort(byActivity)
    const unreadCount = items.reduce(
      (sum, { muted, archived, unreadCount }) => sum + (muted || archived ? 0 : unreadCount),
      0,
    )
    return { status, error: failure, items, unreadCount }
  }

  function changed(id: string): void {
    list.invalidate()
    deps.onChange(id)
  }

  function add(chat: Chat): ChatEntry {
    const userId = deps.userId() ?? ''
    const entry = createChatEntry(
      {
        ...deps,
        userId,
        onChange: changed,
        onEnded: remove,
        onGap: (id) => void closeGap(id),
      },
      chat,
    )
    entries.set(chat.id, entry)
    changed(chat.id)
    return entry
  }

  function remove(id: string): void {
    entries.get(id)?.close()
    entries.delete(id)
    changed(id)
  }

  /** Reads what is missing of one chat. When a gap stays, the chat is read as a whole, and later syncs wait longer. */
  async function closeGap(id: string): Promise<void> {
    const begun = generation
    for (let count = 1; ; count++) {
      const entry = entries.get(id)
      if (!entry?.order.isHeld() || begun !== generation) return
      try {
        await (count === 3 ? entry.resync() : deps.syncChat(id))
        if (!entry.order.isHeld()) return
      } catch (error) {
        // Without a connection the next sync closes the gap.
        if (error instanceof MusterError && error.code === 'NETWORK') return
      }
      await sleep(backoffMs(count))
    }
  }

  async function read(id: string): Promise<ChatEntry | undefined> {
    const begun = generation
    const waiting = adopted.get(id) ?? []
    adopted.set(id, waiting)
    try {
      const chat = await deps.readChat(id)
      if (begun !== generation) return undefined
      const entry = entries.get(id) ?? add(chat)
      for (const change of waiting) entry.order.receive(change)
      entry.order.release(chat.change)
      return entry
    } catch (error) {
      if (error instanceof MusterError && error.code === 'NOT_FOUND') return undefined
      throw error
    } finally {
      if (adopted.get(id) === waiting) adopted.delete(id)
    }
  }

  function setStatus(next: ChatList['status'], error?: MusterError): void {
    status = next
    failure = error
    list.invalidate()
  }

  /** Records why nothing is known of the chats yet. */
  function failed(error: MusterError): void {
    if (status !== 'ready') setStatus('failed', error)
  }

  async function load(signal?: AbortSignal): Promise<void> {
    if (status === 'ready') return
    // A retry in the background keeps the error until it has succeeded.
    if (status !== 'failed') setStatus('loading')
    const begun = generation
    const chats = await deps.readChats(signal)
    if (begun !== generation) return
    for (const chat of chats) if (!entries.has(chat.id)) add(chat)
    setStatus('ready')
  }

  return {
    list: list as Store<ChatList>,
    get: (id: string) => entries.get(id),
    ids: () => entries.keys(),
    cursorOf: (id: string) => entries.get(id)?.order.cursor() ?? 0,
    /** Reads all chats, when they are not known yet. */
    load,
    failed,
    /** Reads all chats once more, and says meanwhile that they are being read. */
    async reload(): Promise<void> {
      const begun = generation
      if (status === 'failed') setStatus('loading')
      try {
        await load()
      } catch (error) {
        if (begun === generation && error instanceof MusterError) failed(error)
        throw error
      }
    },
    /** Returns the chat, read from the server when it is not known. @throws MusterError NOT_FOUND */
    async open(id: string): Promise<ChatEntry> {
      const entry = entries.get(id) ?? (await read(id))
      if (!entry)
        throw new MusterError('This chat does not exist, or you are no member.', { code: 'NOT_FOUND', status: 404 })
      return entry
    },
    receive(event: ChatChangeEvent): void {
      const entry = entries.get(event.chatId)
      const waiting = adopted.get(event.chatId)
      if (entry) entry.order.receive(event)
      else if (waiting) waiting.push(event)
      else if (status === 'ready') {
        adopted.set(event.chatId, [event])
        void read(event.chatId).catch(() => undefined)
      }
    },
    /** Lets changes wait, because some may be lost from now on. */
    hold(): void {
      for (const { order } of entries.values()) order.hold()
    },
    /** Applies an answer. @returns whether a chat had to be read anew */
    async apply({ chats, readPositions, more, after }: SyncAnswer): Promise<boolean> {
      let isResynced = false
      for (const synced of chats) {
        const entry = entries.get(synced.id)
        if ('ended' in synced) remove(synced.id)
        else if (!entry) await read(synced.id)
        else if ('resync' in synced) {
          isResynced = true
          await entry.resync()
        } else if (synced.isNew) {
          // It became known by an event since the call was sent.
          if (entry.order.isHeld()) await entry.resync()
        } else {
          const changes = synced.changes.map((change) => ({ ...change, chatId: synced.id, prev: 0 }))
          entry.applySynced(changes, synced.latest, !more || (after !== null && synced.id <= after))
        }
      }
      for (const position of readPositions) this.readBy(position)
      return isResynced
    },
    /** Goes on with the chats of a span of which a sync had nothing to tell. */
    release(ids: readonly string[]): void {
      for (const id of ids) {
        const order = entries.get(id)?.order
        if (order?.isHeld()) order.release(order.cursor())
      }
    },
    readBy({ chatId, userId, readSeq }: { chatId: string; userId: string; readSeq: number }): void {
      const entry = entries.get(chatId)
      if (!entry) return
      if (readSeq > (entry.readPositions.get(userId) ?? 0)) entry.readPositions.set(userId, readSeq)
      if (userId === deps.userId()) entry.read(readSeq)
      changed(chatId)
    },
    remove,
    /** Empties everything, when another user or none is signed in. */
    reset(): void {
      generation++
      for (const entry of entries.values()) entry.close()
      const ids = [...entries.keys()]
      entries.clear()
      adopted.clear()
      setStatus('idle')
      for (const id of ids) changed(id)
    },
  }
}

const byActivity = newestFirst<Chat>(({ lastMessage, createdAt }) => lastMessage?.createdAt ?? createdAt)
