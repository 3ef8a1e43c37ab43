import type { Db } from '@muster/db'
import { sql } from 'kysely'

/**
 * Converts a search as users write it to a `tsquery` as text; empty when it has no words. As a parameter it gets a plan by how frequent
 * its words are, which a call of the function within a list would not.
 */
export async function parseSearch(db: Db, q: string): Promise<string> {
  const { rows } = await sql<{ search: string }>`select search_query(${q})::text as search`.execute(db)
  return rows[0]?.search ?? ''
}
