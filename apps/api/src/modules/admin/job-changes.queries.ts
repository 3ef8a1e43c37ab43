import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** How many changes of several jobs of a queue are looked through. */
const maxChanges = 200

/** What an operator has done with a job. */
export type JobChange = 'job.retried' | 'job.discarded'

/**
 * Finds from the audit log what an operator has done with a job that is not listed any more, by itself or together with others, of which
 * the first and the last id are recorded.
 * @returns undefined when nothing is recorded
 */
export async function findJobChange(
  db: Db | Trx,
  { queue, jobId }: { queue: string; jobId: string },
): Promise<JobChange | undefined> {
  const single = sql`target_type = 'job' and target_id = ${jobId} and action in ('job.retried', 'job.discarded')`
  const several = sql`target_type = 'queue' and target_id = ${queue} and action in ('jobs.retried', 'jobs.discarded')`
  const { rows } = await sql<{ action: string }>`
    select action from (
      select action, created_at, null::jsonb as after from audit_pending where ${single}
      union all select action, created_at, null from audit_events where ${single}
      union all (
        select action, created_at, after from audit_pending where ${several} order by created_at desc limit ${maxChanges}
      )
      union all (
        select action, created_at, after from audit_events join audit_personal on event_id = id
        where ${several} order by created_at desc limit ${maxChanges}
      )
    ) as changes
    where after is null or ${jobId} between after ->> 'firstJobId' and after ->> 'lastJobId'
    order by created_at desc limit 1`.execute(db)
  const action = rows[0]?.action
  if (action === undefined) return undefined
  return action.endsWith('.retried') ? 'job.retried' : 'job.discarded'
}
