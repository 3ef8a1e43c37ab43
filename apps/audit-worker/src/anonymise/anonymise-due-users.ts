import { isDatabaseUnavailable } from '@muster/db'
import type { Logger } from '@muster/logger'
import type { Deps } from '../deps.ts'
import { type AnonymiseRun, anonymiseUser } from './anonymise-user.ts'
import { listDue } from './users.queries.ts'

const usersPerPage = 100

/**
 * Anonymises each user whose deletion was requested at `before` or earlier. A failure for one user does not stop the others.
 * @returns how many users it anonymised, and for how many it failed
 * @throws when Postgres is unavailable or the signal aborts
 */
export async function anonymiseDueUsers(
  deps: Pick<Deps, 'db' | 'clock'>,
  { log, ...run }: AnonymiseRun & { log: Logger },
): Promise<{ anonymised: number; failed: number }> {
  const counts = { anonymised: 0, failed: 0 }
  let userIds: string[]
  let afterId: string | undefined
  do {
    userIds = await listDue(deps.db, run.before, afterId, usersPerPage)
    for (const userId of userIds) {
      run.signal.throwIfAborted()
      try {
        if (await anonymiseUser(deps, userId, run)) counts.anonymised++
      } catch (error) {
        if (run.signal.aborted || isDatabaseUnavailable(error)) throw error
        counts.failed++
        log.error({ component: 'anonymisation', err: error, userId }, 'user not anonymised, retrying tomorrow')
      }
    }
    afterId = userIds.at(-1)
  } while (userIds.length === usersPerPage)
  return counts
}
