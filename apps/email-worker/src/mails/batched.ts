import { isDatabaseUnavailable } from '@muster/db'

type Call<Item, Result> = {
  item: Item
  resolve(result: Result): void
  reject(error: unknown): void
}

type BatchOptions = {
  /** Batches that may be under way at the same time, so that one that is held up holds up few. */
  lanes?: number
  maxItems?: number
}

/**
 * Answers single calls by statements for many: what is asked for in the same moment, or while others are under way, goes
 * together. A batch that fails is taken apart, so that nobody fails for what another one brought along.
 * @param run gives the results in the order of the items
 */
export function batched<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  { lanes = 2, maxItems = 100 }: BatchOptions = {},
): (item: Item) => Promise<Result> {
  const waiting: Call<Item, Result>[] = []
  let busyLanes = 0
  let isScheduled = false

  const answer = async (calls: Call<Item, Result>[]): Promise<void> => {
    try {
      const results = await run(calls.map(({ item }) => item))
      calls.forEach(({ resolve }, index) => {
        resolve(results[index] as Result)
      })
    } catch (error) {
      if (calls.length > 1 && !isDatabaseUnavailable(error)) for (const call of calls) await answer([call])
      else for (const { reject } of calls) reject(error)
    }
  }

  const begin = () => {
    isScheduled = false
    while (busyLanes < lanes && waiting.length > 0) {
      busyLanes += 1
      void answer(waiting.splice(0, maxItems)).then(() => {
        busyLanes -= 1
        begin()
      })
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (isScheduled) return
      isScheduled = true
      setImmediate(begin)
    })
}
