/** Creates a semaphore without a bound on the wait: tasks that cannot run at once wait in order of arrival. */
export function createTurns(maxParallel: number): { run<T>(task: () => Promise<T>): Promise<T> } {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async run(task) {
      if (running < maxParallel) running++
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await task()
      } finally {
        // The place passes on to the next one, so that a newcomer cannot overtake.
        const next = waiting.shift()
        if (next) next()
        else running--
      }
    },
  }
}
