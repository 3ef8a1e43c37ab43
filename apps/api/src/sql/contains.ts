import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { folded } from './collation.ts'

/*
 * Finds texts by a part of them. An index of trigrams over the text (db/src/large-indexes.ts) serves parts with three letters or digits in
 * a row. A shorter part is in many texts, so that rows in the order of a list soon fill its page.
 */

/** A search that finds more rows than this reads them in the order of its list; of fewer, all are found by the index and sorted. */
export const manyFound = 10_000

/** Counts rows. 10,001 means more than 10,000. @param rows SQL: a table with its condition */
export async function countFound(db: Db, rows: RawBuilder<unknown>): Promise<number> {
  const counted = await sql<{ total: number }>`
    select count(*)::int as total from (select from ${rows} limit ${manyFound + 1}) counted`.execute(db)
  return counted.rows[0]?.total ?? 0
}

/** SQL: whether the text contains this part, each sign of which stands for itself. */
export const contains = (text: RawBuilder<unknown>, part: string): RawBuilder<boolean> =>
  sql<boolean>`${text} like ${patternOf(part)}`

/** SQL: whether the text contains this part when both are folded; null when nothing remains of the part. */
export function containsFolded(text: RawBuilder<unknown>, part: string): RawBuilder<boolean | null> {
  if (!short.test(part)) return sql<boolean | null>`search_fold(${text}) like '%' || ${folded(part)} || '%'`
  // No index knows the part. Folding would be most of the work on each row, and changes nothing in a text of ASCII that matters here.
  const pattern = patternOf(part.toLowerCase())
  return sql<boolean>`case when octet_length(${text}) = char_length(${text}) then lower(${text} collate "C") like ${pattern}
    else search_fold(${text}) like ${pattern} end`
}

/** Parts of ASCII letters and digits without a trigram. */
const short = /^[a-z0-9]{1,2}$/i

const patternOf = (part: string) => `%${part.replace(/[\\%_]/g, '\\$&')}%`
