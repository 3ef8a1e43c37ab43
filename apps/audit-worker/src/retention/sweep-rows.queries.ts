import type { Db } from '@muster/db'
import { sql } from 'kysely'
import type { Sweep } from './sweeps.ts'

const rowsPerStatement = 2_000

/**
 * Deletes what is old in statements of bounded size; any of them may be the last one before a crash.
 * @returns how many rows went
 */
export async function sweepRows(
  db: Db,
  { table, isOld }: Pick<Sweep, 'table' | 'isOld'>,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  let total = 0
  for (let deleted = rowsPerStatement; deleted === rowsPerStatement; total += deleted) {
    signal.throwIfAborted()
    // Asked once more outside: a row that somebody renews at this moment stays.
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where ${isOld(before)} limit ${rowsPerStatement}
      )) and ${isOld(before)}`.execute(db)
    deleted = Number(numAffectedRows)
  }
  return total
}
