import { isDatabaseUnavailable } from '@muster/db'
import { retentionJobs } from '@muster/jobs/definitions'
import { type Handler, handle, PermanentError } from '@muster/jobs/worker'
import { Counter, registry } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { dropMonth } from '../retention/drop-month.ts'
import { listMonths, monthNumber } from '../retention/months.queries.ts'
import { sweepRows } from '../retention/sweep-rows.queries.ts'
import { sweeps } from '../retention/sweeps.ts'

const sweptTotal = new Counter({
  name: 'muster_swept_rows_total',
  help: 'Rows that this process deleted because they were old.',
  labelNames: ['table'],
  registers: [registry],
})

/** One handler for each thing that is kept for a time only. */
export const retentionHandlers = (deps: Pick<Deps, 'db' | 'keys' | 'retention' | 'clock'>): Handler[] => [
  dropAuditMonthsHandler(deps),
  ...sweepHandlers(deps),
]

/** Drops the months of the audit log that are older than they are kept. One that can't be dropped stops no other. @throws PermanentError in the end when some can't */
function dropAuditMonthsHandler(deps: Pick<Deps, 'db' | 'keys' | 'retention' | 'clock'>): Handler {
  return handle(retentionJobs.auditMonths, async (_payload, { log, signal, transact }) => {
    const firstKept = monthNumber(deps.clock.now()) - deps.retention.auditMonths
    const failed: string[] = []
    for (const month of await listMonths(deps.db)) {
      if (month.number >= firstKept) continue
      try {
        await dropMonth(deps, month, { transact, signal, log })
      } catch (error) {
        if (signal.aborted || isDatabaseUnavailable(error)) throw error
        failed.push(month.name)
        log.error(
          { err: error, month: month.name },
          'a month of the audit log could not be dropped; tried again tomorrow',
        )
      }
    }
    if (failed.length === 0) return
    // One that another worker dropped meanwhile is no failure.
    const left = (await listMonths(deps.db)).map(({ name }) => name).filter((name) => failed.includes(name))
    // Listed as a failed job, so that it is not the log alone which knows.
    if (left.length > 0) throw new PermanentError(`months of the audit log could not be dropped: ${left.join(', ')}`)
  })
}

const sweepHandlers = ({ db, retention, clock }: Pick<Deps, 'db' | 'retention' | 'clock'>): Handler[] =>
  sweeps.map((sweep) =>
    handle(sweep.job, async (_payload, { log, signal }) => {
      const before = new Date(clock.now().getTime() - sweep.keepMs(retention))
      const count = await sweepRows(db, sweep, before, signal)
      sweptTotal.inc({ table: sweep.table }, count)
      log.info({ table: sweep.table, count, before }, 'old rows deleted')
    }),
  )
