import type { QueueName } from '@muster/jobs/definitions'
import type { Deps } from '../../deps.ts'
import { findUserSummaries } from '../accounts/user-summary.ts'
import { assertPermission, type Principal } from './principal.ts'
import type { QueueRetries } from './queue-operations.schema.ts'
import { listRetries } from './queue-retries.queries.ts'

const shownForMs = 24 * 3_600_000
const maxShown = 10

/** Tells what became of the failed jobs that were retried in the last 24 hours. */
export async function readRetries(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  principal: Principal,
  name: QueueName,
): Promise<QueueRetries> {
  assertPermission(principal, 'queue.read')
  const since = new Date(clock.now().getTime() - shownForMs)
  const rows = await listRetries(db, name, { since, limit: maxShown })
  const users = await findUserSummaries(
    db,
    rows.flatMap(({ actorId }) => actorId ?? []),
  )
  return {
    retries: rows.map(({ at, actorId, jobs, pending, failed, ...told }) => ({
      ...told,
      at: at.toISOString(),
      by: users.get(actorId ?? '') ?? null,
      jobs,
      pending,
      failed,
      done: Math.max(0, jobs - pending - failed),
    })),
  }
}
