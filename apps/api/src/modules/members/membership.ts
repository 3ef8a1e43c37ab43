import { type Clock, newId, type Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { invalidateAnalytics } from '@muster/person-cache'
import type { Role } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { UserRow } from '../accounts/accounts.queries.ts'
import { insertOrganization } from '../accounts/accounts.queries.ts'
import { cancelUnseenReminders } from '../reminders/task-reminders.service.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import { transferTasks } from '../tasks/transfer-tasks.ts'
import * as queries from './membership.queries.ts'

/** An organization for a client role, null for a platform role. */
export type Membership = { role: Role; organizationId: string | null }

/**
 * Gives a person another role, in another organization or in none: their tasks go with them, they are reminded only of what
 * they see from there, and the claims of their sessions are renewed within a second. The caller has locked the person's
 * row, writes the audit event and drops the cached profile after the commit. Does not ask whether they are the last
 * client_admin, see {@link refuseLastAdmin}.
 */
export async function setMembership(
  deps: { clock: Clock; redis: Pick<Deps['redis'], 'drop'> },
  tx: Pick<TransactContext, 'trx' | 'afterCommit'>,
  user: Pick<UserRow, 'id' | 'organization_id'>,
  membership: Membership,
): Promise<void> {
  const { trx, afterCommit } = tx
  const { organizationId } = membership
  await queries.lockOrganizations(trx, [user.organization_id, organizationId])
  const now = deps.clock.now()
  if (organizationId !== user.organization_id) {
    await transferTasks(deps, tx, { userId: user.id, organizationId }, now)
  }
  await queries.setMembership(trx, user.id, membership, now)
  afterCommit(() => invalidateAnalytics(deps, [user.id]))
  await cancelUnseenReminders(deps, tx, { userId: user.id }, now)
  // At the last moment: tokens made until two seconds from here are renewed once more.
  await forceRenewal(trx, { userId: user.id }, deps.clock.now())
}

/** A person's own organization, in which they are client_admin; it is theirs once {@link setMembership} has said so. */
export async function newPersonalOrganization(
  trx: Trx,
  { name }: Pick<UserRow, 'name'>,
  now: Date,
): Promise<{ role: 'client_admin'; organizationId: string }> {
  const organizationId = newId()
  await insertOrganization(trx, { id: organizationId, name, is_personal: true, created_at: now })
  return { role: 'client_admin', organizationId }
}

/**
 * Whether the person is the last client_admin of an organization with other members. Locks the organization until the
 * transaction ends, so that its admins leave one after another. Members who are about to be deleted count, since they may
 * change their minds; such admins don't, since they may not.
 * @param goingTo where the same transaction moves the person to, when that exists already: both are locked in one order
 */
export async function isLastAdmin(
  trx: Trx,
  user: Pick<UserRow, 'id' | 'role' | 'organization_id'>,
  goingTo: string | null = null,
): Promise<boolean> {
  if (user.role !== 'client_admin' || user.organization_id === null) return false
  await queries.lockOrganizations(trx, [user.organization_id, goingTo])
  const { members, admins } = await queries.countOthers(trx, user)
  return members > 0 && admins === 0
}

/**
 * For who would take the last client_admin from an organization with other members, see {@link isLastAdmin}.
 * @throws DomainError LAST_ADMIN
 */
export async function refuseLastAdmin(
  trx: Trx,
  user: Pick<UserRow, 'id' | 'role' | 'organization_id'>,
  goingTo: string | null = null,
): Promise<void> {
  if (await isLastAdmin(trx, user, goingTo))
    throw new DomainError('LAST_ADMIN', {
      message: 'This is the last client_admin of an organization with other members. Make somebody else one first.',
    })
}
