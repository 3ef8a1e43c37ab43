import type { Db, Trx } from '@muster/db'
import { sql } from 'kysely'

/** How many changes of several jobs of a queue are looked through. */
const maxChanges = 200

/**
 * A change by which an operator may have taken a job from the list of failed ones. `several` is a change of several jobs, of which the first
 * and the last id are recorded: whether a job between them was one of these is not known.
 */
export type JobChange = 'job.retried' | 'job.discarded' | 'several'

/** Finds the latest such change of a job in the audit log. @returns undefined when none is recorded */
export async function findJobChange(
  db: Db | Trx,
  { queue, jobId }: { queue: string; jobId: string },
): Promise<JobChange | undefined> {
  const single = sql`target_type = 'job' and target_id = ${jobId} and action in ('job.retried', 'job.discarded')`
  const several = sql`target_type = 'queue' and target_id = ${queue} and action in ('jobs.retried', 'jobs.discarded')`
  const { rows } = await sql<{ action: JobChange | 'jobs.retried' | 'jobs.discarded' }>`
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
  return action === 'jobs.retried' || action === 'jobs.discarded' ? 'several' : action
}
