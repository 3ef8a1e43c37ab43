/** A value that changes: `subscribe` fits React's `useSyncExternalStore` and similar hooks of other frameworks. */
export interface Store<T> {
  /** Returns the present value: the same object until it changes. */
  getSnapshot(): T
  /** Calls the listener after each change. @returns a function that ends this */
  subscribe(listener: () => void): () => void
}

export type WritableStore<T> = Store<T> & { set(next: T): void }

/** Creates a store. Its functions may be passed on without it. */
export function createStore<T>(initial: T): WritableStore<T> {
  const listeners = new Set<() => void>()
  let current = initial
  return {
    getSnapshot: () => current,
    subscribe(listener) {
      // A listener that is added twice is called twice, and each end removes one of them.
      const own = () => listener()
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    set(next) {
      if (Object.is(next, current)) return
      current = next
      for (const listener of [...listeners]) listener()
    },
  }
}
