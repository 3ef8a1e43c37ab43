import { DomainError } from '@muster/errors'

type Waiting = { start: () => void; timer: NodeJS.Timeout }

/** Runs at most `maxParallel` at a time; the others wait in order of arrival. */
export type Line = {
  /** @throws DomainError OVERLOADED (with `Retry-After`) when the turn does not come within `maxWaitMs` */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** A waiting line for work that occupies a core. Time within the work itself does not count as waiting. */
export function createLine({ maxParallel, maxWaitMs }: { maxParallel: number; maxWaitMs: number }): Line {
  let running = 0
  const waiting = new Set<Waiting>()

  const turn = (): Promise<void> => {
    if (running < maxParallel) {
      running++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(place)
        reject(new DomainError('OVERLOADED', { retryAfterSeconds: Math.ceil(maxWaitMs / 1000) }))
      }, maxWaitMs)
      const place: Waiting = { start: resolve, timer }
      waiting.add(place)
    })
  }

  /** The place is handed on to the next in line, so a newcomer can't slip in between. */
  const leave = () => {
    const [next] = waiting
    if (!next) {
      running--
      return
    }
    waiting.delete(next)
    clearTimeout(next.timer)
    next.start()
  }

  return {
    async run(work) {
      await turn()
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
