import type { Db } from '@muster/db'
import { sql } from 'kysely'

const maxReasonLength = 1_000

/** Marks the job's outbox row as failed, with the reason. Without NUL, which a library may quote and Postgres cannot hold. */
export async function recordFailure(db: Db, jobId: string, reason: string): Promise<void> {
  await db
    .updateTable('outbox')
    .set({
      failed_at: sql`clock_timestamp()`,
      error: reason.replaceAll('\0', '\ufffd').slice(0, maxReasonLength),
    })
    .where('id', '=', jobId)
    .execute()
}
