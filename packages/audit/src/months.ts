import type { Db } from '@muster/db'
import { sql } from 'kysely'

/** A month of which the log has events. */
type ChainMonth = {
  /** `YYYY-MM`. */
  month: string
  fromSeq: number
  toSeq: number
}

/** Reads the months of the log, the oldest first, each with its first and last number: two look-ups in the index of each partition. */
export async function readMonths(db: Db): Promise<ChainMonth[]> {
  const { rows: partitions } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'audit_events'::regclass and relname ~ '^audit_events_\\d{4}_\\d{2}$' order by relname`.execute(
    db,
  )
  if (partitions.length === 0) return []
  const ends = partitions.map(
    ({ name }) => sql`
      select ${name}::text as name, (select min(seq) from ${sql.table(name)}) as "fromSeq", (select max(seq) from ${sql.table(name)}) as "toSeq"`,
  )
  const { rows } = await sql<{ name: string; fromSeq: number | null; toSeq: number | null }>`
    ${sql.join(ends, sql` union all `)}`.execute(db)
  return rows.flatMap(({ name, fromSeq, toSeq }) => {
    if (fromSeq === null || toSeq === null) return []
    return [{ month: name.slice(-7).replace('_', '-'), fromSeq, toSeq }]
  })
}
