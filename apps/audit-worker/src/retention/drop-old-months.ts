import { isDatabaseUnavailable } from '@muster/db'
import type { Deps } from '../deps.ts'
import { type DropRun, dropMonth } from './drop-month.ts'
import { listMonths, monthNumber } from './months.queries.ts'

/**
 * Drops the months of the audit log that are older than their retention. A month that cannot be dropped does not stop the others.
 * @returns the names of months that could not be dropped
 * @throws when Postgres is unavailable or the signal aborts
 */
export async function dropOldMonths(
  deps: Pick<Deps, 'db' | 'keys' | 'retention' | 'clock'>,
  run: DropRun,
): Promise<string[]> {
  const firstKept = monthNumber(deps.clock.now()) - deps.retention.auditMonths
  const failed: string[] = []
  for (const month of await listMonths(deps.db)) {
    if (month.number >= firstKept) continue
    try {
      await dropMonth(deps, month, run)
    } catch (error) {
      if (run.signal.aborted || isDatabaseUnavailable(error)) throw error
      failed.push(month.name)
      run.log.error(
        { component: 'retention', err: error, month: month.name },
        'audit month not dropped, retrying tomorrow',
      )
    }
  }
  if (failed.length === 0) return []
  // Another worker may have dropped a month meanwhile.
  const existing = await listMonths(deps.db)
  return existing.map(({ name }) => name).filter((name) => failed.includes(name))
}
