import { sql } from 'kysely'
import type { Deps } from '../deps.ts'

/**
 * Frees the room of the events that were moved to the chain, beside all writes. Autovacuum looks at a database once a minute, in which
 * 150,000 such rows may collect. A role that does not own the table leaves it to autovacuum: Postgres answers it with a warning.
 */
export async function vacuumPending({ db, log }: Pick<Deps, 'db' | 'log'>): Promise<void> {
  try {
    await sql`vacuum (skip_locked, index_cleanup on, truncate off) audit_pending`.execute(db)
  } catch (error) {
    log.warn({ component: 'audit-chain', err: error }, 'pending events not vacuumed, left to autovacuum')
  }
}
