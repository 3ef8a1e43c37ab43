import { Counter, Gauge, registry } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { appendBatch, BatchRefused } from './append-batch.ts'

/** Moves everything pending into the chain, batch by batch. */
export type Chainer = {
  /** Resolves when nothing is left; a call during a run makes it look once more. Rejects while Postgres is away. */
  drain(): Promise<void>
  /** Waits for the batch that is being written, and writes no more. */
  close(): Promise<void>
}

/** Larger batches gain nothing any more, and hold the head longer. */
const fullBatch = 1_000

const chainedTotal = new Counter({
  name: 'muster_audit_chained_total',
  help: 'Audit events that this process moved into the chain.',
  registers: [registry],
})

const setAsideGauge = new Gauge({
  name: 'muster_audit_set_aside',
  help: 'Pending audit events that Postgres refuses to chain; they stay in audit_pending for the operator.',
  registers: [registry],
})

export function createChainer(deps: Pick<Deps, 'db' | 'keys' | 'log'>): Chainer {
  const setAside = new Set<string>()
  let isWanted = false
  let isClosing = false
  let running: Promise<void> | undefined

  const run = async () => {
    try {
      while (isWanted && !isClosing) {
        isWanted = false
        await chainAll(deps, setAside, () => isClosing)
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

/**
 * A batch that is refused is halved until the row that can't be chained stands alone; it is set aside, stays pending,
 * is logged, and the chain goes on without it. Set aside is per process: a restart tries it again.
 */
async function chainAll(
  { db, keys, log }: Pick<Deps, 'db' | 'keys' | 'log'>,
  setAside: Set<string>,
  isClosing: () => boolean,
): Promise<void> {
  let limit = fullBatch
  while (!isClosing()) {
    try {
      const moved = await appendBatch({ db, keys }, { limit, skip: setAside })
      chainedTotal.inc(moved)
      if (moved < limit) return
      limit = Math.min(fullBatch, limit * 2)
    } catch (error) {
      if (!(error instanceof BatchRefused)) throw error
      const [eventId] = error.eventIds
      if (error.eventIds.length === 1 && eventId) {
        setAside.add(eventId)
        setAsideGauge.set(setAside.size)
        log.error({ err: error.cause, eventId }, 'an audit event can not be chained and is set aside')
      }
      limit = Math.max(1, Math.floor(error.eventIds.length / 2))
    }
  }
}
