import { administeredOrganizationId, taskAssignedToSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

const isOwned = ({ userId }: Actor) => sql<boolean>`tasks.owner_id = ${userId}`
const isOfOrganization = (organizationId: string) => sql<boolean>`tasks.organization_id = ${organizationId}`

/**
 * Lists the reasons why a task is visible, each with an index of its own, in whose order a page reads. A task may have several:
 * `union` keeps it once. What is assigned to an admin in their organization is among the tasks of the organization.
 */
export function visibilityReasons(actor: Actor): RawBuilder<boolean>[] {
  const organizationId = administeredOrganizationId(actor)
  return [isOwned(actor), organizationId ? isOfOrganization(organizationId) : taskAssignedToSql(actor)]
}

/** Lists the reasons so that no task has two of them: for counting, which then compares no tasks with each other. */
export function disjointVisibilityReasons(actor: Actor): RawBuilder<boolean>[] {
  const organizationId = administeredOrganizationId(actor)
  return organizationId
    ? [
        isOfOrganization(organizationId),
        sql<boolean>`${isOwned(actor)} and tasks.organization_id is distinct from ${organizationId}`,
      ]
    : [isOwned(actor), sql<boolean>`${taskAssignedToSql(actor)} and tasks.owner_id <> ${actor.userId}`]
}
