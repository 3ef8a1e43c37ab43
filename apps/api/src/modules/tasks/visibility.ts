import type { Db, Trx } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { can, scopeOf } from '../../permissions/index.ts'
import { type Actor, roles } from '../../plugins/actor.ts'

/** The organization whose every task the actor sees; null when there is none. */
export const ruledOrganization = ({ role, organizationId }: Actor) =>
  scopeOf(role, 'task.read') === 'organization' ? organizationId : null

/** Tasks that are assigned to the actor, for as long as they are in the task's organization. Expects a table named `tasks`. */
export const isAssignedTo = ({ userId, organizationId }: Actor): RawBuilder<boolean> =>
  sql`(tasks.assignee_id = ${userId} and tasks.organization_id = ${organizationId})`

/** Who sees a task: its owner, its assignee, and the client_admins of its organization. Expects a table named `tasks`. */
export const seenBy = (actor: Actor): RawBuilder<boolean> => sql`(
  tasks.owner_id = ${actor.userId} or ${isAssignedTo(actor)} or tasks.organization_id = ${ruledOrganization(actor)}
)`

const rulingRoles = roles.filter((role) => scopeOf(role, 'task.read') === 'organization')

/** The same of any person and any task. Expects tables named `users` and `tasks`. */
export const sees = sql<boolean>`(
  tasks.owner_id = users.id or tasks.organization_id = users.organization_id
    and (tasks.assignee_id = users.id or users.role = any(${rulingRoles}::text[]))
)`

/** Who may delete a task, and others' files in it: all who see it but a mere assignee. */
export const isRuledBy = (task: { owner_id: string; organization_id: string | null }, actor: Actor): boolean =>
  can(actor, 'task.delete', { ownerId: task.owner_id, organizationId: task.organization_id })

const columns = ['id', 'owner_id', 'assignee_id', 'organization_id', 'status', 'due_date'] as const

/** What other modules need to know of a task; undefined when the actor may not see it. */
export function findSeenTask(db: Db | Trx, id: string, actor: Actor) {
  return db.selectFrom('tasks').select(columns).where('id', '=', id).where(seenBy(actor)).executeTakeFirst()
}

/** The same, and the task neither changes nor goes until the transaction ends. */
export function holdSeenTask(trx: Trx, id: string, actor: Actor) {
  return trx.selectFrom('tasks').select(columns).where('id', '=', id).where(seenBy(actor)).forShare().executeTakeFirst()
}
