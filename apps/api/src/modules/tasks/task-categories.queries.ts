import type { Db } from '@muster/db'
import { administeredOrganizationId, taskAssignedToSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { alphabetical } from '../../sql/collation.ts'
import type { TaskCategory } from './tasks.schema.ts'

/** A list of more categories would not be one to choose from. */
const maxCategories = 1_000

/** Counts the tasks that are visible to the actor by category, the most frequent first and null last among equals. */
export async function countCategories(db: Db, actor: Actor): Promise<TaskCategory[]> {
  const branches = disjointReasons(actor).map(
    (reason) => sql`select category, count(*) as count from tasks where ${reason} group by category`,
  )
  const { rows } = await sql<TaskCategory>`
    select category, sum(count)::integer as count from (${sql.join(branches, sql` union all `)}) found
    group by category order by sum(count) desc, ${alphabetical(sql`category`)} limit ${sql.lit(maxCategories)}`.execute(
    db,
  )
  return rows
}

/** Lists the reasons of visibility so that no task has two of them, each with an index of its own. */
function disjointReasons(actor: Actor): RawBuilder<boolean>[] {
  const { userId } = actor
  const organizationId = administeredOrganizationId(actor)
  const isOwn = sql<boolean>`tasks.owner_id = ${userId}`
  return organizationId
    ? // What is assigned to an admin in their organization is among the tasks of the organization.
      [
        sql<boolean>`tasks.organization_id = ${organizationId}`,
        sql<boolean>`${isOwn} and tasks.organization_id is distinct from ${organizationId}`,
      ]
    : [isOwn, sql<boolean>`${taskAssignedToSql(actor)} and tasks.owner_id <> ${userId}`]
}
