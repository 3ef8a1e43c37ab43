/**
 * Returns a function that collects items for `process`, which is called with all of them, one call at a time: items that arrive
 * meanwhile form the next batch. So the statements of a busy second are few, and a single item waits for nothing.
 * @param process must not reject
 */
export function collectBatches<Item>(process: (items: ReadonlySet<Item>) => Promise<void>): (item: Item) => void {
  let next = new Set<Item>()
  let isRunning = false
  const run = async () => {
    isRunning = true
    while (next.size > 0) {
      const batch = next
      next = new Set()
      await process(batch)
    }
    isRunning = false
  }
  return (item) => {
    next.add(item)
    // After the other signals of the same message.
    if (!isRunning && next.size === 1) queueMicrotask(run)
  }
}
