import type { Db } from '@muster/db'
import { sql } from 'kysely'

type RowsRead = {
  /** Rows read by sequential scans. */
  inSequence: number
  /** Entries read from its indexes. */
  byIndex: number
}

/** The size of the pool of a test database. */
const poolSize = 10

/** Counts the rows that work over `pool` makes Postgres read from a table. Nothing else may use the table meanwhile. */
export async function rowsRead(pool: Db, table: string, work: () => Promise<unknown>): Promise<RowsRead> {
  const before = await readCounts(pool, table)
  await work()
  const after = await readCounts(pool, table)
  return { inSequence: after.inSequence - before.inSequence, byIndex: after.byIndex - before.byIndex }
}

async function readCounts(pool: Db, table: string): Promise<RowsRead> {
  await flushStatistics(pool)
  const { rows } = await sql<RowsRead>`
    select (select seq_tup_read from pg_stat_user_tables where relname = ${table})::float8 as "inSequence",
      (select sum(idx_tup_read) from pg_stat_user_indexes where relname = ${table})::float8 as "byIndex"`.execute(pool)
  return rows[0] as RowsRead
}

/**
 * Makes every connection of the pool report its statistics, which it otherwise does only occasionally. Each connection
 * is held until all are, so that none is used twice; a pool that cannot give them all fails after its connection
 * timeout.
 */
async function flushStatistics(pool: Db): Promise<void> {
  const { promise: allHeld, resolve } = Promise.withResolvers<void>()
  let held = 0
  const flush = () =>
    pool.connection().execute(async (connection) => {
      if (++held === poolSize) resolve()
      await allHeld
      await sql`select pg_stat_force_next_flush()`.execute(connection)
    })
  await Promise.all(Array.from({ length: poolSize }, flush))
}
