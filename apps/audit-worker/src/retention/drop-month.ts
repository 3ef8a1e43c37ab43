import { readMonth, signCheckpoint } from '@muster/audit'
import type { Transact } from '@muster/jobs/outbox'
import type { Logger } from '@muster/logger'
import { lockHead } from '../chain/append-batch.ts'
import type { Deps } from '../deps.ts'
import { dropPartition, erasePersonalOf, insertCheckpoints, lastSeqOf, type Month } from './months.queries.ts'

export type DropRun = { transact: Transact; signal: AbortSignal; log: Logger }

/**
 * Drops one month of the chain with the personal parts of its events. Signed checkpoints replace its runs of events, so that the
 * rest of the chain can still be verified. A month whose verification finds a fault is kept as evidence.
 * @returns false when the month is kept
 */
export async function dropMonth(
  { db, keys }: Pick<Deps, 'db' | 'keys'>,
  { partition, name }: Month,
  { transact, signal, log }: DropRun,
): Promise<boolean> {
  const found = await readMonth(db, keys, partition, { signal })
  if (found.fault) {
    log.error({ component: 'retention', month: name, fault: found.fault }, 'audit month kept, its verification failed')
    return false
  }
  await erasePersonalOf(db, partition, signal)
  const isDropped = await transact(async ({ trx, audit }) => {
    await lockHead(trx)
    // An event was appended after the month was read; the next day's job drops it.
    if ((await lastSeqOf(trx, partition)) !== found.lastSeq) return false
    await insertCheckpoints(
      trx,
      found.runs.map((run) => signCheckpoint(keys, run)),
    )
    await dropPartition(trx, partition)
    const runs = found.runs.map(({ fromSeq, toSeq }) => ({ fromSeq, toSeq }))
    audit({
      action: 'audit.month_dropped',
      actorId: null,
      targetType: 'audit-month',
      targetId: name,
      after: { events: found.rows, runs },
    })
    return true
  })
  log.info(
    { component: 'retention', month: name, events: found.rows },
    isDropped ? 'audit month dropped' : 'audit month kept, events were added',
  )
  return isDropped
}
