import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/**
 * Deletes the rows of jobs, which are both the pending jobs and the keys that make their effects happen once: a second run waits for the
 * row's lock and then finds the row deleted.
 * @param options.patienceMs how long this transaction waits for any one lock, instead of what the connection is set to
 * @returns the ids of the jobs that no earlier run has done
 */
export async function acknowledge(
  trx: Trx,
  jobIds: readonly string[],
  { patienceMs }: { patienceMs?: number } = {},
): Promise<string[]> {
  const patience = patienceMs === undefined ? null : String(patienceMs)
  // Each row to delete is read beside the patience, which therefore is set before anything waits for a lock.
  const { rows } = await sql<{ id: string }>`
    with patience as materialized (
      select set_config('lock_timeout', coalesce(${patience}, current_setting('lock_timeout')), true)
    ), given as materialized (
      select id from patience, unnest(${jobIds}::uuid[]) as id
    )
    delete from outbox using given where outbox.id = given.id
    returning outbox.id`.execute(trx)
  return rows.map(({ id }) => id)
}
