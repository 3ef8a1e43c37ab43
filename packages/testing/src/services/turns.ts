export type Turns = {
  /**
   * Resolves when the turn comes. It ends when the signal aborts, also while it waits.
   * @param size `all`: nobody else has a turn at the same time
   * @param onWait called when others must end first
   */
  take(size: 1 | 'all', until: AbortSignal, onWait: () => void): Promise<void>
}

/** Gives turns in the order of arrival, to at most `max` at the same time. */
export function createTurns(max: number): Turns {
  let free = max
  const waiting: { size: number; start(): void }[] = []
  const startNext = () => {
    for (let first = waiting[0]; first && first.size <= free; first = waiting[0]) {
      free -= first.size
      waiting.shift()
      first.start()
    }
  }
  return {
    take(wanted, until, onWait) {
      const size = wanted === 'all' ? max : wanted
      const { promise, resolve } = Promise.withResolvers<void>()
      const turn = { size, start: resolve }
      waiting.push(turn)
      until.addEventListener('abort', () => {
        const index = waiting.indexOf(turn)
        if (index >= 0) waiting.splice(index, 1)
        else free += size
        startNext()
      })
      startNext()
      if (waiting.includes(turn)) onWait()
      return promise
    },
  }
}
