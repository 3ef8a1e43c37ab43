import type { Db } from '@muster/db'
import { sql } from 'kysely'
import type { Sweep } from './sweeps.ts'

const rowsPerStatement = 2_000

/**
 * Deletes old rows in statements of limited size, so that a later run can continue after a crash.
 * @returns how many rows it deleted
 */
export async function deleteOldRows(
  db: Db,
  { table, isOld }: Pick<Sweep, 'table' | 'isOld'>,
  before: Date,
  signal: AbortSignal,
): Promise<number> {
  let total = 0
  for (let deleted = rowsPerStatement; deleted === rowsPerStatement; total += deleted) {
    signal.throwIfAborted()
    // The outer condition keeps a row that another transaction renews between the two reads.
    const { numAffectedRows = 0n } = await sql`
      delete from ${sql.table(table)} where ctid = any(array(
        select ctid from ${sql.table(table)} where ${isOld(before)} limit ${rowsPerStatement}
      )) and ${isOld(before)}`.execute(db)
    deleted = Number(numAffectedRows)
  }
  return total
}
