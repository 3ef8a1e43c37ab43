/** Does something when its turn has come. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** Lets so many at the same time; who comes later waits, in order. */
export function createTurns(atOnce: number): InTurn {
  let free = atOnce
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
