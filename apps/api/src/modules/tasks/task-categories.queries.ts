import type { Db } from '@muster/db'
import { sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { alphabetical } from '../../sql/collation.ts'
import type { TaskCategory } from './tasks.schema.ts'
import { disjointVisibilityReasons } from './visibility-reasons.ts'

/** A list of more categories would not be one to choose from. */
const maxCategories = 1_000

/** Counts the tasks that are visible to the actor by category, the most frequent first and null last among equals. */
export async function countCategories(db: Db, actor: Actor): Promise<TaskCategory[]> {
  const branches = disjointVisibilityReasons(actor).map(
    (reason) => sql`select category, count(*) as count from tasks where ${reason} group by category`,
  )
  const { rows } = await sql<TaskCategory>`
    select category, sum(count)::integer as count from (${sql.join(branches, sql` union all `)}) found
    group by category order by sum(count) desc, ${alphabetical(sql`category`)} limit ${sql.lit(maxCategories)}`.execute(
    db,
  )
  return rows
}
