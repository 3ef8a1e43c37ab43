import { invalidateProfile } from '@muster/cache'
import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Role } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import { findUser, lockUser, type UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { onlineForMs, type Presence } from '../accounts/presence.ts'
import { toProfile } from '../accounts/user-view.ts'
import { deactivate, reactivate } from '../activation/activation.service.ts'
import { assertNotLastAdmin, setMembership } from '../members/membership.service.ts'
import { createPersonalOrganization } from '../organizations/organizations.service.ts'
import { endSessions, type RevocationDeps } from '../sessions/end-sessions.ts'
import * as queries from './admin-users.queries.ts'
import type { AdminUser, AdminUserPatch, UserQuery } from './admin-users.schema.ts'
import { assertMay, type Doer, noted, signedBy } from './doer.ts'
import { assertMayActOn, assertMayChangeRole } from './may-change.ts'

/** What administration of people needs; the command line has no more than this. */
export type PeopleDeps = RevocationDeps &
  Pick<Deps, 'db' | 'transact' | 'clock'> & {
    cache: Pick<Deps['cache'], 'invalidate'>
    presence: Pick<Presence, 'lastSeen'>
  }

/** A page of people. Who was shown is noted, and not what was searched for: that would be a name as well. */
export async function listUsers(deps: PeopleDeps, doer: Doer, query: UserQuery) {
  assertMay(doer, 'person.read')
  const { page, limit, role, isActive, q } = query
  const offset = (page - 1) * limit
  const rows = await queries.listUsers(deps.db, query, { offset, count: limit })
  // A search reads everybody once; what ends on this page need not be counted by reading them once more.
  const isLast = rows.length < limit && (rows.length > 0 || page === 1)
  const total = isLast ? offset + rows.length : await queries.countUsers(deps.db, query)
  await deps.transact(async ({ audit }) =>
    audit({
      action: 'admin.users_listed',
      targetType: 'users',
      targetId: 'list',
      after: {
        ...noted(doer),
        filters: { ...(role && { role }), ...(isActive !== undefined && { isActive }), isSearch: q !== undefined },
        userIds: rows.map(({ id }) => id),
      },
      ...signedBy(doer),
    }),
  )
  const users = await toAdminUsers(deps, rows)
  return { users, pagination: { page, limit, total, totalPages: Math.ceil(total / limit), nextCursor: null } }
}

/** One person; that they were read is noted. @throws DomainError NOT_FOUND, also for who was made anonymous */
export async function readUser(deps: PeopleDeps, doer: Doer, userId: string): Promise<AdminUser> {
  assertMay(doer, 'person.read')
  const row = present(await findUser(deps.db, userId))
  await deps.transact(async ({ audit }) =>
    audit({ action: 'admin.user_read', ...target(userId), after: noted(doer), ...signedBy(doer) }),
  )
  return toAdminUser(deps, row)
}

/**
 * Changes somebody's role, or takes their account out of use and back into it: all of it or nothing. A patch that
 * changes nothing leaves no trace.
 * @throws DomainError NOT_FOUND, FORBIDDEN, ROLE_NOT_ALLOWED, LAST_ADMIN for who is the last client_admin of an
 * organization with other members and would not be any more
 */
export async function changeUser(
  deps: PeopleDeps,
  doer: Doer,
  userId: string,
  patch: AdminUserPatch,
): Promise<AdminUser> {
  const now = deps.clock.now()
  const row = await deps.transact(async (tx) => {
    const { acting, user } = await lockBoth(tx.trx, doer, userId)
    assertMayActOn(acting, user)
    if (patch.role !== undefined && patch.role !== user.role) await changeRole(deps, tx, acting, user, patch.role)
    const decision = { by: 'platform', ...bySession(doer), now } as const
    if (patch.isActive === false) await deactivate(deps, tx, user, decision)
    if (patch.isActive === true) await reactivate(deps, tx, user, decision)
    return present(await findUser(tx.trx, userId))
  })
  return toAdminUser(deps, row)
}

/**
 * Ends all of somebody's sessions.
 * @returns how many were open
 * @throws DomainError NOT_FOUND, FORBIDDEN
 */
export async function revokeSessions(deps: PeopleDeps, doer: Doer, userId: string): Promise<number> {
  const now = deps.clock.now()
  return deps.transact(async (tx) => {
    const { acting, user } = await lockBoth(tx.trx, doer, userId)
    assertMayActOn(acting, user)
    const reason = 'ended by an administrator'
    const count = await endSessions(deps, tx, userId, { reason, ...bySession(doer), now })
    const after = { ...noted(doer), ended: count }
    tx.audit({ action: 'user.sessions_revoked', ...target(userId), after, ...signedBy(doer) })
    tx.afterCommit(() => invalidateProfile(deps, userId))
    return count
  })
}

/** Has the next reading of somebody's profile, the own one too, ask Postgres; it changes nobody. @throws DomainError NOT_FOUND */
export async function invalidateProfileOf(deps: PeopleDeps, doer: Doer, userId: string): Promise<void> {
  assertMay(doer, 'person.change')
  present(await findUser(deps.db, userId))
  await deps.transact(async ({ audit, afterCommit }) => {
    audit({ action: 'user.cached_profile_dropped', ...target(userId), after: noted(doer), ...signedBy(doer) })
    afterCommit(() => invalidateProfile(deps, userId))
  })
}

/**
 * Between platform roles the role alone changes. Who becomes a client_admin gets an organization of their own, and who
 * joins the platform leaves theirs. The organization of a client_user is decided by its invitation.
 */
async function changeRole(
  deps: PeopleDeps,
  tx: Pick<TransactContext, 'trx' | 'audit' | 'afterCommit'>,
  doer: Doer,
  user: UserRow,
  to: Role,
): Promise<void> {
  assertMayChangeRole(doer, user, to)
  if (user.role === 'client_admin') await assertNotLastAdmin(tx.trx, user)
  if (to === 'client_user' && user.organization_id === null)
    throw new DomainError('CONFLICT', { message: 'A client_user belongs to an organization: let one invite them.' })
  const isClient = to === 'client_admin' || to === 'client_user'
  const membership =
    isClient && user.organization_id === null
      ? await createPersonalOrganization(tx.trx, user, deps.clock.now())
      : { role: to, organizationId: isClient ? user.organization_id : null }
  await setMembership(deps, tx, user, membership)
  tx.audit({
    action: 'user.role_changed',
    ...target(user.id),
    before: { role: user.role, organizationId: user.organization_id },
    after: { ...noted(doer), ...membership },
    ...signedBy(doer),
  })
}

/** The administrator as they are now and the person, both until the transaction ends. @throws DomainError NOT_FOUND, SESSION_REVOKED */
async function lockBoth(trx: Trx, doer: Doer, userId: string): Promise<{ acting: Doer; user: UserRow }> {
  if (doer.actor === null) return { acting: doer, user: present(await lockUser(trx, userId)) }
  const { lockedActor, users } = await lockActor(trx, doer.actor, [userId])
  return { acting: { ...doer, actor: lockedActor }, user: present(users.get(userId)) }
}

function present(row: UserRow | undefined): UserRow {
  if (!row || row.anonymised_at) throw new DomainError('NOT_FOUND')
  return row
}

const target = (userId: string) => ({ targetType: 'user', targetId: userId })
const bySession = ({ actor, origin }: Doer) => ({ actorId: actor?.userId ?? null, origin })

const toAdminUser = async (deps: PeopleDeps, row: UserRow) => (await toAdminUsers(deps, [row]))[0] as AdminUser

async function toAdminUsers({ presence, clock }: PeopleDeps, rows: readonly UserRow[]): Promise<AdminUser[]> {
  const seenMs = await presence.lastSeen(rows.map(({ id }) => id))
  const nowMs = clock.now().getTime()
  return rows.map((row) => {
    const lastSeenMs = Math.max(seenMs.get(row.id) ?? 0, row.last_seen_at?.getTime() ?? 0)
    return {
      ...toProfile(row),
      status: nowMs - lastSeenMs < onlineForMs ? 'online' : 'offline',
      lastSeenAt: lastSeenMs > 0 ? new Date(lastSeenMs).toISOString() : null,
      isActive: row.is_active,
      deactivatedBy: row.deactivated_by as AdminUser['deactivatedBy'],
      deletionRequestedAt: row.deletion_requested_at?.toISOString() ?? null,
    }
  })
}
