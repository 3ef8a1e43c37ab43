import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** The outcome of a verification that began at the first event, with the calls that went on where it ended. */
export type LastVerification = {
  /** The time of its newest call. */
  at: Date
  /** Whether it reached the end of the chain. */
  isComplete: boolean
  /** How many events it checked. */
  checked: number
  /** The number of the last event that it checked. */
  toSeq: number
  /** The number of the first event that is broken; null when none is. */
  firstBrokenSeq: number | null
  /** When a verification first found something broken after the last one that found the whole chain valid; null when none did. */
  brokenSince: Date | null
}

/**
 * Reads the outcome of the newest verification from the events that its calls left in the log. One that was stopped before it found anything
 * takes nothing back: the newest one that reached the end or found something broken comes first. Undefined before the first one.
 */
export async function readLastVerification(db: Db): Promise<LastVerification | undefined> {
  const { rows } = await sql<LastVerification>`
    with calls as (
      select event.created_at, personal.after,
        count(*) filter (where (personal.after ->> 'fromSeq')::int8 = 0) over (order by event.seq) as run
      from audit_events event join audit_personal personal on personal.event_id = event.id
      where event.action = 'audit.verified'
    ),
    runs as (
      select run, max(created_at) as at, bool_or((after ->> 'complete')::boolean) as "isComplete",
        sum((after ->> 'checked')::int8)::int8 as checked, max((after ->> 'toSeq')::int8) as "toSeq",
        min((after ->> 'firstBrokenSeq')::int8) as "firstBrokenSeq"
      from calls where run > 0 group by run
    )
    select at, "isComplete", checked, "toSeq", "firstBrokenSeq", (
      select min(at) from runs where "firstBrokenSeq" is not null
        and run > coalesce((select max(run) from runs where "isComplete" and "firstBrokenSeq" is null), 0)
    ) as "brokenSince" from runs
    order by "isComplete" or "firstBrokenSeq" is not null desc, run desc limit 1`.execute(db)
  return rows[0]
}
