import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** Retries of one operator with the same reason, and what became of their jobs. */
export type RetryRow = {
  /** When the last of them was done. */
  at: Date
  actorId: string | null
  note: string | null
  reason: string | null
  jobName: string | null
  jobs: number
  /** Jobs that wait or run. */
  pending: number
  failed: number
}

/** How many calls are counted at most: a retry of many jobs is one call for each thousand. */
const maxCalls = 200

/**
 * Lists the retries of a queue since an instant, the latest first. The jobs of a call have ids in a row, so those that are not done are
 * found by the primary key of the outbox.
 */
export async function listRetries(
  db: Db,
  queue: string,
  { since, limit }: { since: Date; limit: number },
): Promise<RetryRow[]> {
  const several = sql`action = 'jobs.retried' and target_type = 'queue' and target_id = ${queue} and created_at >= ${since}`
  // A run of a schedule keeps its id and has no row.
  const single = sql`action = 'job.retried' and created_at >= ${since} and before ->> 'queue' = ${queue}
    and after ->> 'retriedAs' <> target_id`
  const { rows } = await sql<RetryRow>`
    with events as (
      select action, target_type, target_id, created_at, actor_id, before, after from audit_pending
      where action in ('jobs.retried', 'job.retried')
      union all
      select action, target_type, target_id, created_at, actor_id, before, after
      from audit_events join audit_personal on event_id = id
      where action in ('jobs.retried', 'job.retried') and created_at >= ${since}
    ),
    calls as (
      select created_at, actor_id, before, after,
        coalesce(after ->> 'firstRetriedAs', after ->> 'retriedAs')::uuid as first_id,
        coalesce(after ->> 'lastRetriedAs', after ->> 'retriedAs')::uuid as last_id
      from events where (${several}) or (${single}) order by created_at desc limit ${maxCalls}
    )
    select max(calls.created_at) as at, actor_id as "actorId", after ->> 'note' as note, before ->> 'reason' as reason,
      before ->> 'name' as "jobName", sum(coalesce((after ->> 'count')::int, 1))::int as jobs,
      sum(now.pending)::int as pending, sum(now.failed)::int as failed
    from calls, lateral (
      select count(*) filter (where failed_at is null) as pending, count(failed_at) as failed
      from outbox where queue = ${queue} and id between first_id and last_id
    ) now
    where first_id is not null
    group by actor_id, after ->> 'note', before ->> 'reason', before ->> 'name'
    order by at desc limit ${limit}`.execute(db)
  return rows
}

/** Finds when jobs of a queue were last retried together or the queue was resumed, since an instant: rates of before tell nothing of now. */
export async function findRateChange(db: Db, queue: string, since: Date): Promise<Date | undefined> {
  const isChange = sql`target_type = 'queue' and target_id = ${queue} and action in ('jobs.retried', 'queue.resumed')
    and created_at >= ${since}`
  const { rows } = await sql<{ at: Date | null }>`
    select max(created_at) as at from (
      select created_at from audit_pending where ${isChange}
      union all select created_at from audit_events where ${isChange}
    ) as changes`.execute(db)
  return rows[0]?.at ?? undefined
}
