import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'

type Plan = { 'Shared Hit Blocks': number; 'Shared Read Blocks': number }

/** Counts the pages that a statement touches. Unlike its duration, the number does not depend on the load of the machine. */
export async function touchedBlocks(db: Db, statement: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ 'QUERY PLAN': { Plan: Plan }[] }>`
    explain (analyze, buffers, timing off, format json) ${statement}`.execute(db)
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan as Plan
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}
