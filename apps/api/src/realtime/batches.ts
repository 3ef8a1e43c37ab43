/**
 * Returns a function that processes items in batches, one batch at a time: items of one tick, and those that arrive during a batch,
 * are processed together. It resolves after a batch that began after the call.
 */
export function createBatches<Item>(
  process: (items: readonly Item[]) => Promise<void>,
): (items: readonly Item[]) => Promise<void> {
  type Batch = { items: Set<Item>; done: PromiseWithResolvers<void> }
  let next: Batch | undefined
  let isRunning = false

  const run = async () => {
    if (isRunning) return
    isRunning = true
    for (let batch = next; batch; batch = next) {
      next = undefined
      await process([...batch.items]).then(batch.done.resolve, batch.done.reject)
    }
    isRunning = false
  }
  return (items) => {
    if (items.length === 0) return Promise.resolve()
    if (!next) {
      next = { items: new Set(), done: Promise.withResolvers() }
      queueMicrotask(run)
    }
    for (const item of items) next.items.add(item)
    return next.done.promise
  }
}
