import type { ServerEvents } from '../generated/schemas.gen.ts'
import type { Connection } from '../realtime/connection.ts'
import { createStore, type Store } from '../store.ts'

/** `status` is null while it is not known. */
export type Presence = { status: 'online' | 'offline' | null; lastSeenAt: string | null }

export interface PresenceStore extends Store<ReadonlyMap<string, Presence>> {
  /** Follows users until the returned function is called. At most 500 at a time. */
  follow(userIds: readonly string[]): () => void
}

const unknown: Presence = { status: null, lastSeenAt: null }

/** Keeps the presence of the users that the program follows. */
export function createPresence({ connection }: { connection: () => Pick<Connection, 'request' | 'state'> }) {
  const followers = new Map<string, number>()
  const store = createStore<ReadonlyMap<string, Presence>>(new Map())

  function set(entries: readonly (readonly [string, Presence])[]): void {
    const followed = entries.filter(([id]) => followers.has(id))
    if (followed.length > 0) store.set(new Map([...store.getSnapshot(), ...followed]))
  }

  async function subscribe(userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return
    const { presence } = await connection().request('presence:subscribe', { userIds: [...userIds] })
    set(presence.map(({ userId, ...rest }) => [userId, rest]))
  }

  const isOpen = () => connection().state.getSnapshot() === 'open'
  /** Without a connection, the next one subscribes; other failures leave the presence unknown. */
  const inBackground = (run: Promise<unknown>) => void run.catch(() => undefined)

  return {
    store,
    follow(userIds: readonly string[]): () => void {
      const added = [...new Set(userIds)].filter((id) => !followers.has(id))
      for (const id of new Set(userIds)) followers.set(id, (followers.get(id) ?? 0) + 1)
      set(added.map((id) => [id, unknown]))
      if (isOpen()) inBackground(subscribe(added))
      let isFollowing = true
      return () => {
        if (!isFollowing) return
        isFollowing = false
        const left = [...new Set(userIds)].filter((id) => {
          const count = (followers.get(id) ?? 1) - 1
          if (count > 0) followers.set(id, count)
          else followers.delete(id)
          return count <= 0
        })
        store.set(new Map([...store.getSnapshot()].filter(([id]) => followers.has(id))))
        if (left.length > 0 && isOpen()) inBackground(connection().request('presence:unsubscribe', { userIds: left }))
      }
    },
    receive: ({ userId, ...rest }: ServerEvents['presence']) => set([[userId, rest]]),
    /** Asks anew for all, on a new connection or after events were lost. */
    refresh: () => inBackground(subscribe([...followers.keys()])),
    /** Nothing is known without a connection. */
    disconnected: () => set([...followers.keys()].map((id) => [id, unknown])),
    reset: () => {
      followers.clear()
      store.set(new Map())
    },
  }
}
