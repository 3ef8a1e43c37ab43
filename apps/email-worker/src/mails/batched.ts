import { isDatabaseUnavailable, runShared, traceShared } from '@muster/db'
import DataLoader from 'dataloader'
import pLimit from 'p-limit'

type BatchOptions = {
  /** Batches that may run at the same time, so that one slow batch does not delay all others. */
  concurrency?: number
  maxItems?: number
}

type Run<Item, Result> = (items: readonly Item[]) => Promise<readonly Result[]>

/**
 * Turns a function for many items into one for a single item: calls of the same tick, and calls made while the concurrency
 * limit is reached, share a batch. When a batch fails, its items run one by one, so that an item fails only by its own error.
 * @param run returns one result per item, in the same order
 */
export function batched<Item, Result>(
  run: Run<Item, Result>,
  { concurrency = 2, maxItems = 100 }: BatchOptions = {},
): (item: Item) => Promise<Result> {
  const limit = pLimit(concurrency)
  let endBatch = () => {}
  const loader = new DataLoader<Item, Result>(
    async (items) => {
      const end = endBatch
      try {
        return await runOneByOneOnError(run, items)
      } finally {
        end()
      }
    },
    {
      cache: false,
      maxBatchSize: maxItems,
      // The loader adds calls to the batch until `dispatch`, which calls the function above synchronously.
      batchScheduleFn: (dispatch) =>
        setImmediate(() => {
          const batch = () =>
            new Promise<void>((resolve) => {
              endBatch = resolve
              dispatch()
            })
          void limit(batch)
        }),
    },
  )
  return (item) => traceShared((origin) => runShared([origin], () => loader.load(item)))
}

async function runOneByOneOnError<Item, Result>(
  run: Run<Item, Result>,
  items: readonly Item[],
): Promise<readonly (Result | Error)[]> {
  try {
    return await run(items)
  } catch (error) {
    // Each single item would fail by the same error.
    if (items.length === 1 || isDatabaseUnavailable(error)) return items.map(() => error as Error)
    const results: (Result | Error)[] = []
    for (const item of items) results.push(...(await runOneByOneOnError(run, [item])))
    return results
  }
}
