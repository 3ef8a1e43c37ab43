import { retentionJobs } from '@muster/jobs/definitions'
import { type Handler, handle, PermanentError } from '@muster/jobs/worker'
import type { Deps } from '../deps.ts'
import { dropOldMonths } from '../retention/drop-old-months.ts'
import { sweepChats } from '../retention/sweep-chats.ts'
import { sweepTable } from '../retention/sweep-table.ts'
import { sweeps } from '../retention/sweeps.ts'

type RetentionDeps = Pick<Deps, 'db' | 'keys' | 'retention' | 'clock'>

/** Returns one handler for each retention job. */
export const retentionHandlers = (deps: RetentionDeps): Handler[] => [
  dropAuditMonthsHandler(deps),
  handle(retentionJobs.chats, (_payload, context) => sweepChats(deps, context)),
  ...sweeps.map((sweep) => handle(sweep.job, (_payload, { log, signal }) => sweepTable(deps, sweep, { log, signal }))),
]

/** @throws PermanentError when some months could not be dropped, so that the job is listed as failed; the next day's job tries again */
function dropAuditMonthsHandler(deps: RetentionDeps): Handler {
  return handle(retentionJobs.auditMonths, async (_payload, { log, signal, transact }) => {
    const failed = await dropOldMonths(deps, { transact, signal, log })
    if (failed.length > 0)
      throw new PermanentError(`months of the audit log could not be dropped: ${failed.join(', ')}`)
  })
}
