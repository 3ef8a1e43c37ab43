import { readMonth, signCheckpoint } from '@muster/audit'
import type { Transact } from '@muster/jobs/outbox'
import type { Logger } from '@muster/logger'
import { lockHead } from '../chain/append-batch.ts'
import type { Deps } from '../deps.ts'
import { dropPartition, erasePersonalOf, insertCheckpoints, lastSeqOf, type Month } from './months.queries.ts'

type Work = { transact: Transact; signal: AbortSignal; log: Logger }

/**
 * Drops one month of the chain, with the personal part of its rows, and leaves a signed checkpoint for each run of rows
 * in it, so that the chain can still be followed. A month in which something is wrong stays, since it is evidence.
 * @returns false when it stays
 */
export async function dropMonth(
  { db, keys }: Pick<Deps, 'db' | 'keys'>,
  { partition, name }: Month,
  { transact, signal, log }: Work,
): Promise<boolean> {
  const found = await readMonth(db, keys, partition, { signal })
  if (found.fault) {
    log.error({ month: name, fault: found.fault }, 'a month of the audit log is not whole, and is not dropped')
    return false
  }
  await erasePersonalOf(db, partition, signal)
  const isDropped = await transact(async ({ trx, audit }) => {
    // Nothing is chained from here on; rows are only ever added behind the last.
    await lockHead(trx)
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
  log.info({ month: name, events: found.rows, isDropped }, 'a month of the audit log is over')
  return isDropped
}
