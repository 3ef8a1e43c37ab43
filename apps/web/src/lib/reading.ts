import { useEffect, useSyncExternalStore } from 'react'

/** What a page has read: `data`, or why it could not (`error`), or neither yet. */
export type Read<T> = { refetch: () => Promise<void> } & (
  | { data: T; error: null; isPending: false }
  | { data: undefined; error: object; isPending: false }
  | { data: undefined; error: null; isPending: true }
)

/**
 * A read of the pages for visitors, which do without the library that keeps the many reads of the other pages up to date. It is read once, and
 * again after a failure.
 */
export type Reading<T> = {
  /** Begins to read, unless that is done or going on. It never rejects. */
  load(): Promise<void>
  /** Reads when the first component needs it. */
  use(): Read<T>
}

/** Creates a read of `read`, which has not begun. */
export function createReading<T>(read: () => Promise<T>): Reading<T> {
  const listeners = new Set<() => void>()
  let running: Promise<void> | null = null
  const load = () => {
    if (state.data === undefined) running ??= run()
    return running ?? Promise.resolve()
  }
  let state: Read<T> = { data: undefined, error: null, isPending: true, refetch: load }

  async function run(): Promise<void> {
    try {
      state = { data: await read(), error: null, isPending: false, refetch: load }
    } catch (error) {
      state = { data: undefined, error: error as object, isPending: false, refetch: load }
    }
    running = null
    for (const listener of listeners) listener()
  }
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    load,
    use() {
      useEffect(() => {
        if (state.isPending) void load()
      }, [])
      return useSyncExternalStore(subscribe, () => state)
    },
  }
}
