import { anonymisePeople, deletionGraceMs } from '@muster/jobs/definitions'
import { handle, PermanentError } from '@muster/jobs/worker'
import { anonymiseDueUsers } from '../anonymise/anonymise-due-users.ts'
import type { Deps } from '../deps.ts'

/**
 * Anonymises the users who requested their deletion at least 30 days ago and did not cancel it.
 * @throws PermanentError when some could not be anonymised, so that the job is listed as failed; the next day's job tries again
 */
export function anonymisePeopleHandler(deps: Pick<Deps, 'db' | 'clock'>) {
  return handle(anonymisePeople, async (_payload, { log, signal, transact }) => {
    const before = new Date(deps.clock.now().getTime() - deletionGraceMs)
    const { anonymised, failed } = await anonymiseDueUsers(deps, { transact, signal, before, log })
    log.info({ component: 'anonymisation', anonymised, failed }, 'users anonymised')
    if (failed > 0) throw new PermanentError(`${failed} users could not be anonymised; the log names them`)
  })
}
