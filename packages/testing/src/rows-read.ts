import type { Db } from '@muster/db'
import { sql } from 'kysely'

type RowsRead = {
  /** Rows read one after the other. */
  inSequence: number
  /** Entries of its indexes. */
  byIndex: number
}

/** What Postgres reads of a table for some work that goes over `pool`. Nobody else may use the table meanwhile. */
export async function rowsRead(pool: Db, table: string, work: () => Promise<unknown>): Promise<RowsRead> {
  const before = await readSoFar(pool, table)
  await work()
  const after = await readSoFar(pool, table)
  return { inSequence: after.inSequence - before.inSequence, byIndex: after.byIndex - before.byIndex }
}

/** Connections tell what they read only now and then: each of the pool is asked to. */
async function readSoFar(pool: Db, table: string): Promise<RowsRead> {
  const connections = Array.from({ length: 10 }, () =>
    sql`select pg_stat_force_next_flush(), pg_sleep(0.05)`.execute(pool),
  )
  await Promise.all(connections)
  const { rows } = await sql<RowsRead>`
    select (select seq_tup_read from pg_stat_user_tables where relname = ${table})::float8 as "inSequence",
      (select sum(idx_tup_read) from pg_stat_user_indexes where relname = ${table})::float8 as "byIndex"`.execute(pool)
  return rows[0] as RowsRead
}
