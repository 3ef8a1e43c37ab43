import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** Reads how long ago the oldest event was recorded that is not in the chain yet, in seconds; 0 without one. */
export async function readPendingAge(db: Db): Promise<number> {
  const row = await db
    .selectFrom('audit_pending')
    .select(sql<number>`extract(epoch from clock_timestamp() - created_at)::float8`.as('age'))
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return Math.max(0, row?.age ?? 0)
}
