import type { Trx } from '@muster/db'
import { sql } from 'kysely'

type Moved = { id: string; wasAssignedTo: string | null }

/**
 * Moves tasks of the person to the organization with their files; nobody but the person stays assigned.
 * @returns those that moved, at most `limit`
 */
export async function moveOwn(
  trx: Trx,
  { userId, organizationId }: { userId: string; organizationId: string | null },
  { now, limit }: { now: Date; limit: number },
): Promise<Moved[]> {
  const { rows } = await sql<Moved>`
    with page as (
      select id, assignee_id from tasks where owner_id = ${userId} and organization_id is distinct from ${organizationId}::uuid
      order by id limit ${limit} for no key update
    )
    update tasks set
      organization_id = ${organizationId}::uuid,
      assignee_id = case when tasks.assignee_id = ${userId} then tasks.assignee_id end,
      version = version + 1, updated_at = ${now}
    from page where tasks.id = page.id
    returning tasks.id, page.assignee_id as "wasAssignedTo"`.execute(trx)
  const ids = rows.map(({ id }) => id)
  // A statement of its own sees the files that were added while this one waited for their task.
  if (ids.length > 0)
    await sql`
      update attachments set organization_id = ${organizationId}::uuid where task_id = any(${ids}::uuid[])`.execute(trx)
  return rows
}

/** Takes the person off tasks of others. @returns the ids of those they were on, at most `limit` */
export async function unassign(
  trx: Trx,
  userId: string,
  { now, limit }: { now: Date; limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with page as (
      select id from tasks where assignee_id = ${userId} and owner_id <> ${userId}
      order by id limit ${limit} for no key update
    )
    update tasks set assignee_id = null, version = version + 1, updated_at = ${now}
    from page where tasks.id = page.id
    returning tasks.id`.execute(trx)
  return rows.map(({ id }) => id)
}
