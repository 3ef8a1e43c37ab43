import { type RawBuilder, sql } from 'kysely'
import { can, scopeOf } from './can.ts'
import { type Principal, roles } from './roles.ts'

/** The columns of a task that decide about access to it. */
export type TaskAccess = { owner_id: string; assignee_id: string | null; organization_id: string | null }

/** Returns the organization all of whose tasks are visible to the principal, or null. */
export const administeredOrganizationId = ({ role, organizationId }: Principal): string | null =>
  scopeOf(role, 'task.read') === 'organization' ? organizationId : null

const isAssignedTo = (task: TaskAccess, { userId, organizationId }: Principal): boolean =>
  task.assignee_id === userId && organizationId !== null && task.organization_id === organizationId

/**
 * Tells whether a task is visible to the principal: to its owner, to its assignee while both are in the task's
 * organization, and to the client_admins of that organization.
 */
export function taskVisibleTo(task: TaskAccess, principal: Principal): boolean {
  const organizationId = administeredOrganizationId(principal)
  return (
    task.owner_id === principal.userId ||
    isAssignedTo(task, principal) ||
    (organizationId !== null && task.organization_id === organizationId)
  )
}

/** Tells whether the principal may delete a task and others' files in it: its owner, and client_admins of its organization. */
export const canDeleteTask = (task: Pick<TaskAccess, 'owner_id' | 'organization_id'>, principal: Principal): boolean =>
  can(principal, 'task.delete', { ownerId: task.owner_id, organizationId: task.organization_id })

/** SQL: the task is assigned to the principal within its organization. Expects a table named `tasks`. */
export const taskAssignedToSql = ({ userId, organizationId }: Principal): RawBuilder<boolean> =>
  sql`(tasks.assignee_id = ${userId} and tasks.organization_id = ${organizationId})`

/** SQL: {@link taskVisibleTo} of one principal; null means false. Expects a table named `tasks`. */
export const taskVisibleToSql = (principal: Principal): RawBuilder<boolean> => sql`(
  tasks.owner_id = ${principal.userId} or ${taskAssignedToSql(principal)}
    or tasks.organization_id = ${administeredOrganizationId(principal)}
)`

const administeringRoles = sql.join(
  roles.filter((role) => scopeOf(role, 'task.read') === 'organization').map((role) => sql.lit(role)),
)

/** SQL: {@link taskVisibleTo} of any user; null means false. Expects tables named `tasks` and `users`. */
export const taskVisibleToUserSql: RawBuilder<boolean> = sql`(
  tasks.owner_id = users.id or tasks.organization_id = users.organization_id
    and (tasks.assignee_id = users.id or users.role in (${administeringRoles}))
)`
