import { setTimeout as sleep } from 'node:timers/promises'
import type { Arrival, Clients } from './sockets/clients.ts'

const patienceMs = 20_000

/** Waits until each of the numbers has reached so many sockets. @returns the arrivals by number */
export async function untilArrived(
  clients: Clients,
  numbers: readonly number[],
  count: number,
): Promise<Map<number, Arrival>> {
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    const { arrivals } = await clients.ask({ arrivals: true })
    const byNumber = new Map(arrivals.map((arrival) => [arrival.number, arrival]))
    const missing = numbers.filter((number) => (byNumber.get(number)?.count ?? 0) < count)
    if (missing.length === 0) return byNumber
    if (performance.now() > deadlineMs)
      throw new Error(`${missing.length} of ${numbers.length} messages did not reach all ${count} sockets`)
    await sleep(100)
  }
}
