import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'

/** Attempts by their outcome in one span of time; `step` counts from 1. */
export type ResultRow = { step: number; outcome: string; count: number }

/** Counts how attempts ended between times: in each span from one time to the next. */
export async function countResults(db: Db, times: readonly Date[]): Promise<ResultRow[]> {
  return (await resultsStatement(times).execute(db)).rows
}

/** Builds the statement, which reads the index of ends alone where their pages are visible to all. */
export function resultsStatement(times: readonly Date[]): RawBuilder<ResultRow> {
  const starts = times.slice(0, -1)
  return sql<ResultRow>`
    select width_bucket(ended_at, ${starts}::timestamptz[]) as step, outcome, count(*)::int as count
    from email_attempts where ended_at >= ${times[0]} and ended_at < ${times.at(-1)}
    group by 1, 2`
}
