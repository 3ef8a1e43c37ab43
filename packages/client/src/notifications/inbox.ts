import type { Notification, Pagination, ServerEvents } from '../generated/schemas.gen.ts'
import { MusterError } from '../http/error.ts'
import { newestFirst } from '../newest-first.ts'
import type { SyncAnswer } from '../realtime/event-types.ts'
import { createDerivedStore, type Store } from '../store.ts'

/** The notifications of the user, the newest first, as far as they are loaded. */
export type InboxSnapshot = {
  /** `failed` when the first page could not be read, which the next connection or `reload` repeats. */
  status: 'idle' | 'loading' | 'ready' | 'failed'
  /** Why the status is `failed`. */
  error: MusterError | undefined
  items: readonly Notification[]
  unreadCount: number
  hasMore: boolean
}

export interface Inbox extends Store<InboxSnapshot> {
  /** Reads the first page anew. */
  reload(): Promise<void>
  /** Reads the next page. */
  loadMore(): Promise<void>
  markRead(id: string): Promise<void>
  markAllRead(): Promise<void>
  delete(id: string): Promise<void>
}

type Deps = {
  readPage: (cursor: string | undefined) => Promise<{ items: Notification[]; pagination: Pagination }>
  markRead: (id: string) => Promise<Notification>
  markAllRead: () => Promise<unknown>
  delete: (id: string) => Promise<unknown>
  /** Reads what is missing. */
  sync: () => Promise<void>
}

export type InboxCore = ReturnType<typeof createInbox>

/** The count may come a moment before the notification of the same change. */
const countPatienceMs = 300

/** Keeps the notifications of the user. */
export function createInbox(deps: Deps) {
  const items = new Map<string, Notification>()
  let status: InboxSnapshot['status'] = 'idle'
  let failure: MusterError | undefined
  let cursor: number | null = null
  let unread = { count: 0, change: 0 }
  let nextPage: string | null = null
  /** Changes that came while a page was read, which may be newer than its state. */
  let late: Map<string, Notification | undefined> | undefined
  let generation = 0
  let isSyncing = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const store = createDerivedStore(
    (): InboxSnapshot => ({
      status,
      error: failure,
      items: [...items.values()].sort(byCreation),
      unreadCount: unread.count,
      hasMore: nextPage !== null,
    }),
  )

  function put(notification: Notification): void {
    late?.set(notification.id, notification)
    const oldest = store.getSnapshot().items.at(-1)
    if (!items.has(notification.id) && nextPage !== null && oldest && byCreation(oldest, notification) < 0) return
    items.set(notification.id, notification)
    store.invalidate()
  }

  function drop(id: string): void {
    late?.set(id, undefined)
    items.delete(id)
    store.invalidate()
  }

  async function load(page: string | undefined): Promise<void> {
    const begun = generation
    const own = new Map<string, Notification | undefined>()
    late = own
    try {
      const { items: read, pagination } = await deps.readPage(page)
      if (begun !== generation) return
      if (page === undefined) items.clear()
      nextPage = pagination.nextCursor
      for (const notification of read) if (!own.has(notification.id)) items.set(notification.id, notification)
      for (const [id, notification] of own)
        if (notification) put(notification)
        else items.delete(id)
      setStatus('ready')
    } finally {
      if (late === own) late = undefined
      store.invalidate()
    }
  }

  function setStatus(next: InboxSnapshot['status'], error?: MusterError): void {
    status = next
    failure = error
    store.invalidate()
  }

  /** Reads the first page, and keeps what was shown until it is read. */
  async function loadFirst(): Promise<void> {
    const begun = generation
    // A retry in the background keeps the error until it has succeeded.
    if (status !== 'failed') setStatus('loading')
    await load(undefined).catch((error: unknown) => {
      if (begun === generation) setStatus('failed', error instanceof MusterError ? error : undefined)
      throw error
    })
  }

  /** Reads what is missing, once for all that ask meanwhile. Without a connection the next sync does. */
  async function catchUp(): Promise<void> {
    if (isSyncing) return
    isSyncing = true
    await deps.sync().catch(() => undefined)
    isSyncing = false
  }

  function setCount(count: number, change: number): void {
    if (change < unread.change) return
    unread = { count, change }
    store.invalidate()
  }

  return {
    store,
    cursor: () => cursor,
    receive({ change, notification }: ServerEvents['notification']): void {
      if (cursor === null || change <= cursor) return
      if (change > cursor + 1) void catchUp()
      else {
        cursor = change
        put(notification)
      }
    },
    receiveCount({ count, change }: ServerEvents['notification:count']): void {
      setCount(count, change)
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (cursor !== null && change > cursor) void catchUp()
      }, countPatienceMs)
    },
    /** Applies an answer. @returns whether the list had to be read anew */
    async apply({ notifications, unreadCount }: SyncAnswer): Promise<boolean> {
      const { change, changed, deletedIds, resync } = notifications
      const isFirst = cursor === null
      cursor = change
      setCount(unreadCount, change)
      for (const notification of changed) put(notification)
      for (const id of deletedIds) drop(id)
      // Changes before the first answer are not among those that it has.
      if (resync || isFirst || status !== 'ready') await loadFirst()
      return resync && !isFirst
    },
    /** Records why nothing is known of the notifications yet. */
    failed(error: MusterError): void {
      if (status !== 'ready') setStatus('failed', error)
    },
    async reload(): Promise<void> {
      if (status === 'failed') setStatus('loading')
      await loadFirst()
    },
    loadMore: async () => (nextPage === null ? undefined : load(nextPage)),
    async markRead(id: string): Promise<void> {
      put(await deps.markRead(id))
    },
    async markAllRead(): Promise<void> {
      await deps.markAllRead()
      for (const notification of items.values()) put({ ...notification, isRead: true })
      void catchUp()
    },
    async delete(id: string): Promise<void> {
      await deps.delete(id).catch((error: unknown) => {
        if (!(error instanceof MusterError) || error.code !== 'NOT_FOUND') throw error
      })
      drop(id)
    },
    reset(): void {
      generation++
      clearTimeout(timer)
      items.clear()
      late = undefined
      cursor = null
      nextPage = null
      unread = { count: 0, change: 0 }
      setStatus('idle')
    },
  }
}

const byCreation = newestFirst<Notification>(({ createdAt }) => createdAt)
