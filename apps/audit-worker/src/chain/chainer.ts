import { Counter, Gauge, registry } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { appendBatch, BatchRefused } from './append-batch.ts'
import { vacuumPending } from './vacuum-pending.ts'

/** Moves pending events into the chain, batch by batch. */
export type Chainer = {
  /** Resolves when no event is pending; a call during a run makes the run check once more. Rejects while Postgres is unavailable. */
  drain(): Promise<void>
  /** Waits for the current batch and starts no other. */
  close(): Promise<void>
}

/** Larger batches are not faster, and lock the head for longer. */
const fullBatch = 1_000
/** Each batch looks for the oldest events past the rows of those that were moved, until these are vacuumed. */
const eventsPerVacuum = 10_000

const chainedTotal = new Counter({
  name: 'muster_audit_chained_total',
  help: 'Audit events that this process moved into the chain.',
  registers: [registry],
})

const skippedGauge = new Gauge({
  name: 'muster_audit_set_aside',
  help: 'Pending audit events that Postgres refuses to chain; they stay in audit_pending for the operator.',
  registers: [registry],
})

export function createChainer(deps: Pick<Deps, 'db' | 'keys' | 'log'>): Chainer {
  const skipped = new Set<string>()
  let movedSinceVacuum = 0
  let isWanted = false
  let isClosing = false
  let running: Promise<void> | undefined

  const onMoved = async (count: number) => {
    chainedTotal.inc(count)
    movedSinceVacuum += count
    if (movedSinceVacuum < eventsPerVacuum) return
    movedSinceVacuum = 0
    await vacuumPending(deps)
  }
  const run = async () => {
    try {
      while (isWanted && !isClosing) {
        isWanted = false
        await chainAll(deps, { skipped, onMoved, isClosing: () => isClosing })
      }
    } finally {
      running = undefined
    }
  }

  return {
    drain() {
      isWanted = true
      running ??= run()
      return running
    },
    async close() {
      isClosing = true
      await running?.catch(() => {})
    },
  }
}

type ChainOptions = { skipped: Set<string>; onMoved: (count: number) => Promise<void>; isClosing: () => boolean }

/**
 * Chains all pending events. Halves a refused batch until it consists of the invalid event alone, then logs that event and skips it
 * until this process restarts; it stays pending.
 */
async function chainAll(
  { db, keys, log }: Pick<Deps, 'db' | 'keys' | 'log'>,
  { skipped, onMoved, isClosing }: ChainOptions,
): Promise<void> {
  let limit = fullBatch
  while (!isClosing()) {
    try {
      const moved = await appendBatch({ db, keys }, { limit, skip: skipped })
      await onMoved(moved)
      if (moved < limit) return
      limit = Math.min(fullBatch, limit * 2)
    } catch (error) {
      if (!(error instanceof BatchRefused)) throw error
      const [eventId] = error.eventIds
      if (error.eventIds.length === 1 && eventId) {
        skipped.add(eventId)
        skippedGauge.set(skipped.size)
        log.error(
          { component: 'audit-chain', err: error.cause, eventId },
          'audit event not chained, skipped until restart',
        )
      }
      limit = Math.max(1, Math.floor(error.eventIds.length / 2))
    }
  }
}
