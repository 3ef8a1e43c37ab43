/** Listeners by name of event. */
export type Emitter<Events> = {
  /** Calls the listener for each event. @returns a function that ends this */
  on<Name extends keyof Events>(event: Name, listener: (payload: Events[Name]) => void): () => void
  emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void
}

/** Creates an emitter. A listener that throws disturbs neither the others nor the caller. */
export function createEmitter<Events>(): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<(payload: never) => void>>()
  return {
    on(event, listener) {
      const own = (payload: Parameters<typeof listener>[0]) => listener(payload)
      const all = listeners.get(event) ?? new Set()
      listeners.set(event, all.add(own))
      return () => void all.delete(own)
    },
    emit(event, payload) {
      for (const listener of [...(listeners.get(event) ?? [])]) callSafely(() => listener(payload as never))
    },
  }
}

/** Calls a function of the program, and reports its error as one that nobody caught. */
export function callSafely(run: () => void): void {
  try {
    run()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
