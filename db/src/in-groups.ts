export type GroupRules = {
  /** Groups that run at the same time. While that many run, items wait and become the next group. */
  maxRunning: number
  maxItems: number
  /** A group that runs for longer keeps no other waiting. */
  slowMs: number
}

/**
 * Creates a function that runs an item together with others: those of the same turn of the event loop, and those that waited for a group
 * to end. So groups are small while little happens, and grow with the load.
 * @param run must not reject
 */
export function inGroups<Item>(
  run: (items: Item[]) => Promise<void>,
  { maxRunning, maxItems, slowMs }: GroupRules,
): (item: Item) => void {
  let waiting: Item[] = []
  let running = 0
  let isScheduled = false

  const runGroup = async (group: Item[]) => {
    let isCounted = true
    const discount = () => {
      if (!isCounted) return
      isCounted = false
      running--
      schedule()
    }
    running++
    const timer = setTimeout(discount, slowMs)
    await run(group)
    clearTimeout(timer)
    discount()
  }
  const runNext = () => {
    isScheduled = false
    const group = waiting.slice(0, maxItems)
    waiting = waiting.slice(maxItems)
    void runGroup(group)
    schedule()
  }
  const schedule = () => {
    if (isScheduled || waiting.length === 0 || running >= maxRunning) return
    isScheduled = true
    // After the requests that this turn reads from the network.
    setImmediate(runNext)
  }

  return (item) => {
    waiting.push(item)
    schedule()
  }
}
