import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
type AnyDb = Kysely<any>

/** How many rows of a table the present transaction has read or written so far. */
export type Touched = { table: string; rows: number }

/**
 * Counts the rows that this transaction read or wrote, by table. A rewrite, the build of an index, the check of a constraint and an update of all rows
 * read each row once, however Postgres does it; a change of the catalog alone reads none.
 */
export async function touchedRows(trx: AnyDb): Promise<Touched[]> {
  const { rows } = await sql<{ table: string; rows: string }>`
    select relname as table, seq_tup_read + idx_tup_fetch + n_tup_ins + n_tup_upd + n_tup_del as rows
    from (
      select relname, coalesce(seq_tup_read, 0) as seq_tup_read, coalesce(idx_tup_fetch, 0) as idx_tup_fetch,
        n_tup_ins, n_tup_upd, n_tup_del from pg_stat_xact_user_tables
      -- The migrator reads its own list of migrations several times.
      where relname not like 'kysely%'
    ) counted
    where seq_tup_read + idx_tup_fetch + n_tup_ins + n_tup_upd + n_tup_del > 0`.execute(trx)
  return rows.map(({ table, rows: count }) => ({ table, rows: Number(count) }))
}
