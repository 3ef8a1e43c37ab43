import type { Logger } from '@muster/logger'
import { Counter, registry } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { deleteOldRows } from './sweep-table.queries.ts'
import type { Sweep } from './sweeps.ts'

export const sweptTotal = new Counter({
  name: 'muster_swept_rows_total',
  help: 'Rows that this process deleted because they were older than their retention.',
  labelNames: ['table'],
  registers: [registry],
})

/** Deletes the rows of one table that are older than their retention. */
export async function sweepTable(
  { db, retention, clock }: Pick<Deps, 'db' | 'retention' | 'clock'>,
  sweep: Sweep,
  { log, signal }: { log: Logger; signal: AbortSignal },
): Promise<void> {
  const before = new Date(clock.now().getTime() - sweep.keepMs(retention))
  const count = await deleteOldRows(db, sweep, before, signal)
  sweptTotal.inc({ table: sweep.table }, count)
  log.info({ component: 'retention', table: sweep.table, count, before }, 'old rows deleted')
}
