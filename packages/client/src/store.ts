/** A value that changes: `subscribe` fits React's `useSyncExternalStore` and similar hooks of other frameworks. */
export interface Store<T> {
  /** Returns the present value: the same object until it changes. */
  getSnapshot(): T
  /** Calls the listener after each change. @returns a function that ends this */
  subscribe(listener: () => void): () => void
}

export type WritableStore<T> = Store<T> & { set(next: T): void }
export type DerivedStore<T> = Store<T> & { invalidate(): void }

/**
 * Creates a store whose value is computed from other state: when it is read after `invalidate`. Listeners are called once for all
 * changes of one turn.
 */
export function createDerivedStore<T>(compute: () => T): DerivedStore<T> {
  const ticks = createStore(0)
  let cached: { value: T } | undefined
  let isScheduled = false
  return {
    getSnapshot() {
      cached ??= { value: compute() }
      return cached.value
    },
    subscribe: ticks.subscribe,
    invalidate() {
      cached = undefined
      if (isScheduled) return
      isScheduled = true
      queueMicrotask(() => {
        isScheduled = false
        ticks.set(ticks.getSnapshot() + 1)
      })
    },
  }
}

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
