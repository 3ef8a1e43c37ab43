type Waiter = { start: () => void; timer: NodeJS.Timeout }

/** Runs at most `maxParallel` tasks at a time; the others wait in order of arrival. */
export type Semaphore = {
  /** @throws what `timeoutError` returns when the task could not start within `maxWaitMs` */
  run<T>(task: () => Promise<T>): Promise<T>
}

/** Creates a semaphore with a bounded wait, for tasks that occupy a core. Only the time before a task starts counts as waiting. */
export function createSemaphore({
  maxParallel,
  maxWaitMs,
  timeoutError,
}: {
  maxParallel: number
  maxWaitMs: number
  timeoutError: () => Error
}): Semaphore {
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
