import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/**
 * Deletes the rows of jobs, which are both the pending jobs and the keys that make their effects happen once: a second run waits for the
 * row's lock and then finds the row deleted.
 * @returns the ids of the jobs that no earlier run has done
 */
export async function acknowledge(trx: Trx, jobIds: readonly string[]): Promise<string[]> {
  // With `any`, a plan of when the outbox was small still uses the primary key.
  const { rows } = await sql<{ id: string }>`
    delete from outbox where id = any(${jobIds}::uuid[]) returning id`.execute(trx)
  return rows.map(({ id }) => id)
}
