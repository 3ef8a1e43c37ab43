import type { Invalidator } from '@muster/cache'
import { invalidateAnalytics } from '@muster/cache'
import type { Trx } from '@muster/db'
import { DomainError, detailOf } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import { setRoleAndOrganization, type UserRow } from '../accounts/accounts.service.ts'
import { announcePresence } from '../accounts/announce-presence.ts'
import { leaveOrganization } from '../chats/groups/leave-organization.ts'
import type { Membership } from '../organizations/organizations.service.ts'
import { cancelUnseenReminders } from '../reminders/task-reminders.service.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import { notifyAboutTasks } from '../tasks/task-notices.ts'
import { transferTasks } from '../tasks/transfer-tasks.ts'
import * as queries from './membership.queries.ts'

export type MembershipDeps = Invalidator & Pick<Deps, 'clock'>

/**
 * Gives a user another role, in another organization or in none. Transfers their tasks there, ends their memberships of groups of
 * the organization that they leave, cancels their reminders of
 * tasks that are no longer visible to them, tells users from whom tasks are taken, and has the claims of their sessions renewed within a second. The caller
 * has locked the user's row, has called {@link assertNotLastAdmin} where it matters, and writes the audit event.
 */
export async function setMembership(
  deps: MembershipDeps,
  tx: Pick<TransactContext, 'trx' | 'enqueue' | 'signal' | 'audit' | 'afterCommit'>,
  user: Pick<UserRow, 'id' | 'organization_id'>,
  { byId, ...membership }: Membership & { byId: string | null },
): Promise<void> {
  const { trx } = tx
  const { organizationId } = membership
  await queries.lockOrganizations(trx, [user.organization_id, organizationId])
  const now = deps.clock.now()
  const isMoving = organizationId !== user.organization_id
  const notices = isMoving ? await transferTasks(deps, tx, { userId: user.id, organizationId }, now) : []
  await setRoleAndOrganization(deps, tx, user.id, membership, now)
  if (isMoving) announcePresence(tx, user.id)
  tx.afterCommit(() => invalidateAnalytics(deps, [user.id]))
  await cancelUnseenReminders(deps, tx, { userId: user.id }, now)
  if (isMoving) await leaveOrganization(tx, { userId: user.id, organizationId, byId, now })
  // With a fresh time: tokens issued up to two seconds after it are renewed once more.
  await forceRenewal(trx, { userId: user.id }, deps.clock.now())
  await notifyAboutTasks(tx, notices, { byId, now })
}

/**
 * Tells whether the user is the last client_admin of an organization with other members. Locks the organization until the
 * transaction ends, so that its admins leave one after another. Members who requested deletion count as members, since
 * they may cancel it; an admin who requested deletion does not count as an admin, since they may not.
 * @param targetId the existing organization to which the same transaction moves the user: both are locked in one order
 */
export async function isLastAdmin(
  trx: Trx,
  user: Pick<UserRow, 'id' | 'role' | 'organization_id'>,
  targetId: string | null = null,
): Promise<boolean> {
  if (user.role !== 'client_admin' || user.organization_id === null) return false
  await queries.lockOrganizations(trx, [user.organization_id, targetId])
  const { members, admins } = await queries.countOthers(trx, user)
  return members > 0 && admins === 0
}

/**
 * Refuses to take the last client_admin from an organization with other members, see {@link isLastAdmin}.
 * @param options with the field of the request that would do it
 * @throws DomainError LAST_ADMIN
 */
export async function assertNotLastAdmin(
  trx: Trx,
  user: Pick<UserRow, 'id' | 'role' | 'organization_id'>,
  { targetId = null, path }: { targetId?: string | null; path?: string } = {},
): Promise<void> {
  if (await isLastAdmin(trx, user, targetId))
    throw new DomainError('LAST_ADMIN', {
      message:
        'This is the last client_admin of an organization with other members. Make another member a client_admin first.',
      ...(path && { details: [detailOf(path, 'LAST_ADMIN')] }),
    })
}
