import type { Database, Db } from '@muster/db'
import { type Insertable, type Selectable, sql } from 'kysely'

type Sample = Selectable<Database['minute_samples']>

/** Tells whether the samples of a minute are written. */
export async function isSampled(db: Db, minute: Date): Promise<boolean> {
  const row = await db
    .selectFrom('minute_samples')
    .select('name')
    .where('minute', '=', minute)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Reads the samples of one minute, by their names. */
export async function readSamples(db: Db, minute: Date): Promise<ReadonlyMap<string, Sample>> {
  const rows = await db.selectFrom('minute_samples').selectAll().where('minute', '=', minute).execute()
  return new Map(rows.map((row) => [row.name, row]))
}

/** Writes the samples of a minute. Those of another process, which was faster, stay. @returns whether any was written */
export async function insertSamples(db: Db, rows: readonly Insertable<Database['minute_samples']>[]): Promise<boolean> {
  const written = await db
    .insertInto('minute_samples')
    .values([...rows])
    .onConflict((conflict) => conflict.doNothing())
    .returning('name')
    .execute()
  return written.length > 0
}

/** Deletes the samples of minutes before an instant. */
export const deleteSamplesBefore = (db: Db, before: Date) =>
  db.deleteFrom('minute_samples').where('minute', '<', before).execute()

/** Samples of one span of time: states are the greatest in it, flows their sum. Null where nothing is known. */
export type SampledSpan = Omit<Sample, 'minute' | 'name'> & { at: Date }

/** Reads the samples of a name in spans of equal length; those without samples are among them, with nulls. */
export async function readSpans(
  db: Db,
  name: string,
  { from, to, stepMinutes }: { from: Date; to: Date; stepMinutes: number },
): Promise<SampledSpan[]> {
  const step = sql`make_interval(mins => ${stepMinutes})`
  const { rows } = await sql<SampledSpan>`
    select span.at, max(waiting) as waiting, max(active) as active, max(delayed) as delayed, max(oldest_ms) as oldest_ms,
      sum(added)::int as added, sum(completed)::int as completed, sum(failed)::int as failed
    from generate_series(${from}::timestamptz, ${to}::timestamptz - interval '1 millisecond', ${step}) as span(at)
    left join minute_samples on name = ${name} and minute >= span.at and minute < span.at + ${step}
      and minute < ${to}::timestamptz
    group by span.at order by span.at`.execute(db)
  return rows
}
