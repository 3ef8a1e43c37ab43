import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** The outcome of the newest verification that began at the first event, with the calls that went on where it ended. */
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
}

/** Reads the outcome of the newest verification, from the event that each leaves in the log; undefined before the first one. */
export async function readLastVerification(db: Db): Promise<LastVerification | undefined> {
  const { rows } = await sql<LastVerification>`
    with verified as (
      select event.seq, event.created_at, personal.after
      from audit_events event join audit_personal personal on personal.event_id = event.id
      where event.action = 'audit.verified'
    )
    select max(created_at) as at, bool_or((after ->> 'complete')::boolean) as "isComplete",
      sum((after ->> 'checked')::int8)::int8 as checked, max((after ->> 'toSeq')::int8) as "toSeq",
      min((after ->> 'firstBrokenSeq')::int8) as "firstBrokenSeq"
    from verified
    where seq >= (select seq from verified where (after ->> 'fromSeq')::int8 = 0 order by seq desc limit 1)
    having count(*) > 0`.execute(db)
  return rows[0]
}
