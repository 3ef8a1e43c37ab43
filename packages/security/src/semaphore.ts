type Waiter = { start: () => void; timer: NodeJS.Timeout }

/** Runs at most `maxParallel` tasks at a time; the others wait in order of arrival. */
export type Semaphore = {
  /** @throws what `timeoutError` returns when the task could not start within `maxWaitMs` */
  run<T>(task: () => Promise<T>): Promise<T>
}

type SemaphoreOptions = { maxParallel: number; maxWaitMs: number; timeoutError: () => Error }

/** Semaphores by key, each with the same limit. */
export type KeyedSemaphore = {
  /** Runs the task as {@link Semaphore} does, counting those of the same key alone. */
  run<T>(key: string, task: () => Promise<T>): Promise<T>
}

/** Creates semaphores by key. One exists while a task of its key runs or waits. */
export function createKeyedSemaphore(options: SemaphoreOptions): KeyedSemaphore {
  const byKey = new Map<string, { semaphore: Semaphore; tasks: number }>()
  return {
    async run(key, task) {
      const own = byKey.get(key) ?? { semaphore: createSemaphore(options), tasks: 0 }
      byKey.set(key, own)
      own.tasks++
      try {
        return await own.semaphore.run(task)
      } finally {
        if (--own.tasks === 0) byKey.delete(key)
      }
    },
  }
}

/** Creates a semaphore with a bounded wait. Only the time before a task starts counts as waiting. */
export function createSemaphore({ maxParallel, maxWaitMs, timeoutError }: SemaphoreOptions): Semaphore {
  let running = 0
  const waiters = new Set<Waiter>()

  const acquire = (): Promise<void> => {
    if (running < maxParallel) {
      running++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(waiter)
        reject(timeoutError())
      }, maxWaitMs)
      const waiter: Waiter = { start: resolve, timer }
      waiters.add(waiter)
    })
  }

  /** Passes the slot directly to the next waiter, so that a newcomer cannot overtake. */
  const release = () => {
    const [next] = waiters
    if (!next) {
      running--
      return
    }
    waiters.delete(next)
    clearTimeout(next.timer)
    next.start()
  }

  return {
    async run(task) {
      await acquire()
      try {
        return await task()
      } finally {
        release()
      }
    },
  }
}
