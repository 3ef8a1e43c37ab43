import type { Trx } from '@muster/db'
import { sql } from 'kysely'

export type MovedTask = {
  id: string
  title: string
  dueDate: Date | null
  ownerId: string
  oldAssigneeId: string | null
  oldOrganizationId: string | null
}

/**
 * Moves tasks of their owner to the organization with their attachments, and unassigns all other users from them.
 * @returns the tasks that moved, at most `limit`
 */
export async function moveOwnTasks(
  trx: Trx,
  { userId, organizationId }: { userId: string; organizationId: string | null },
  { now, limit }: { now: Date; limit: number },
): Promise<MovedTask[]> {
  const { rows } = await sql<MovedTask>`
    with page as (
      select id, assignee_id, organization_id from tasks where owner_id = ${userId} and organization_id is distinct from ${organizationId}::uuid
      order by id limit ${limit} for no key update
    )
    update tasks set
      organization_id = ${organizationId}::uuid,
      assignee_id = case when tasks.assignee_id = ${userId} then tasks.assignee_id end,
      version = version + 1, updated_at = ${now}
    from page where tasks.id = page.id
    returning tasks.id, tasks.title, tasks.due_date as "dueDate", tasks.owner_id as "ownerId",
      page.assignee_id as "oldAssigneeId", page.organization_id as "oldOrganizationId"`.execute(trx)
  const ids = rows.map(({ id }) => id)
  // A separate statement sees the attachments that were added while the first one waited for the lock of their task.
  if (ids.length > 0)
    await sql`
      update attachments set organization_id = ${organizationId}::uuid where task_id = any(${ids}::uuid[])`.execute(trx)
  return rows
}

/** Unassigns the user from tasks that others own. @returns these tasks, at most `limit` */
export async function unassignFromTasksOfOthers(
  trx: Trx,
  userId: string,
  { now, limit }: { now: Date; limit: number },
): Promise<MovedTask[]> {
  const { rows } = await sql<MovedTask>`
    with page as (
      select id from tasks where assignee_id = ${userId} and owner_id <> ${userId}
      order by id limit ${limit} for no key update
    )
    update tasks set assignee_id = null, version = version + 1, updated_at = ${now}
    from page where tasks.id = page.id
    returning tasks.id, tasks.title, tasks.due_date as "dueDate", tasks.owner_id as "ownerId",
      ${userId}::uuid as "oldAssigneeId", tasks.organization_id as "oldOrganizationId"`.execute(trx)
  return rows
}
