import { isDatabaseUnavailable } from '@muster/db'
import { anonymisePeople, deletionGraceMs } from '@muster/jobs/definitions'
import { handle, PermanentError } from '@muster/jobs/worker'
import { anonymisePerson } from '../anonymise/anonymise-user.ts'
import { listDue } from '../anonymise/users.queries.ts'
import type { Deps } from '../deps.ts'

const peoplePerPage = 100

/** Makes people anonymous who asked to be deleted 30 days ago and did not come back. One that fails stops no other. @throws PermanentError in the end when some did */
export function anonymisePeopleHandler(deps: Pick<Deps, 'db' | 'clock'>) {
  return handle(anonymisePeople, async (_payload, { log, signal, transact }) => {
    const before = new Date(deps.clock.now().getTime() - deletionGraceMs)
    let done = 0
    let failed = 0
    let afterId: string | undefined
    for (let page = [''] as string[]; page.length > 0; afterId = page.at(-1)) {
      page = await listDue(deps.db, before, afterId, peoplePerPage)
      for (const userId of page) {
        signal.throwIfAborted()
        try {
          if (await anonymisePerson(deps, userId, { transact, signal, before })) done++
        } catch (error) {
          if (signal.aborted || isDatabaseUnavailable(error)) throw error
          failed++
          log.error({ err: error, userId }, 'a person could not be made anonymous; tried again tomorrow')
        }
      }
      if (page.length < peoplePerPage) break
    }
    log.info({ done, failed }, 'people made anonymous')
    // Listed as a failed job, so that it is not the log alone which knows.
    if (failed > 0) throw new PermanentError(`${failed} people could not be made anonymous; the log says who and why`)
  })
}
