import { type QueueLoads, readQueueLoads } from '@muster/jobs/admin'
import { sharedFor } from '@muster/telemetry'
import type { Deps } from './deps.ts'

/** How long one reading serves all scalers. */
const maxAgeMs = 1_000

/** `at` is the time of the reading, in ISO 8601. */
type QueuesPage = QueueLoads & { at: string }

/**
 * Creates the page `/queues` of the ops port, by which workers are scaled. All callers share one reading a second.
 * @returns a function that returns undefined while neither Redis nor Postgres responds
 */
export function queuesPage({
  db,
  queueMonitor,
  clock,
}: Pick<Deps, 'db' | 'queueMonitor' | 'clock'>): () => Promise<QueuesPage | undefined> {
  return sharedFor(maxAgeMs, async () => {
    const at = clock.now().toISOString()
    const loads = await readQueueLoads({ db, monitor: queueMonitor })
    return loads && { at, ...loads }
  })
}
