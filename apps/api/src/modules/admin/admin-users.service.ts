import { type Invalidator, invalidateProfile } from '@muster/cache'
import type { Trx } from '@muster/db'
import { DomainError, detailOf } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Role } from '@muster/policy'
import { presenceOf } from '@muster/presence'
import type { Deps } from '../../deps.ts'
import { numberedPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { findUser, lockUser, type UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import type { Presence } from '../accounts/presence.ts'
import { toProfile } from '../accounts/user-view.ts'
import { deactivate, reactivate } from '../activation/activation.service.ts'
import { assertNotLastAdmin, setMembership } from '../members/membership.service.ts'
import { createPersonalOrganization, findOrganizationNames } from '../organizations/organizations.service.ts'
import { endSessions, type RevocationDeps } from '../sessions/end-sessions.ts'
import * as queries from './admin-users.queries.ts'
import type { AdminUser, AdminUserPatch, UserQuery } from './admin-users.schema.ts'
import { assertCanChangeRole, assertCanManage } from './assert-can-manage.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'

/** The dependencies of user administration, which the command line has too. */
export type UserAdminDeps = Invalidator &
  RevocationDeps &
  Pick<Deps, 'db' | 'transact' | 'clock'> & { presence: Pick<Presence, 'read'> }

/** Lists a page of users. Audits which users were shown, but not the search text, which may be a name. */
export async function listUsers(deps: UserAdminDeps & { reads: Reads }, principal: Principal, query: UserQuery) {
  assertPermission(principal, 'user.read')
  const { page, limit, role, isActive, organizationId, q } = query
  const offset = (page - 1) * limit
  const { rows, total } = await deps.reads.read(async (db) => {
    if (q !== undefined) return queries.searchUsers(db, { ...query, q }, { offset, count: limit })
    const found = await queries.listUsers(db, query, { offset, count: limit })
    // When the result ends on this page, counting it again is skipped.
    const isLast = found.length < limit && (found.length > 0 || page === 1)
    return { rows: found, total: isLast ? offset + found.length : await queries.countUsers(db, query) }
  }, 'bySession')
  await deps.transact(async ({ audit }) =>
    audit({
      action: 'admin.users_listed',
      targetType: 'users',
      targetId: 'list',
      after: {
        ...commandLineMark(principal),
        filters: {
          ...(role && { role }),
          ...(isActive !== undefined && { isActive }),
          ...(organizationId && { organizationId }),
          isSearch: q !== undefined,
        },
        userIds: rows.map(({ id }) => id),
      },
      ...auditActor(principal),
    }),
  )
  const users = await toAdminUsers(deps, rows)
  return { users, pagination: numberedPage({ page, limit, total }) }
}

/** Reads one user with the version of the row, and audits it. @throws DomainError NOT_FOUND, also for a user made anonymous */
export async function readUser(
  deps: UserAdminDeps,
  principal: Principal,
  userId: string,
): Promise<{ user: AdminUser; version: number }> {
  assertPermission(principal, 'user.read')
  const row = requirePresent(await findUser(deps.db, userId))
  await deps.transact(async ({ audit }) =>
    audit({
      action: 'admin.user_read',
      ...target(userId),
      after: commandLineMark(principal),
      ...auditActor(principal),
    }),
  )
  return toVersioned(deps, row)
}

/**
 * Changes a user's role, deactivates or reactivates them, in one transaction. A patch that changes nothing is not audited.
 * @param options.isCurrent tells whether a version is the one that the principal has seen
 * @throws DomainError NOT_FOUND, FORBIDDEN, STALE, ROLE_NOT_ALLOWED, LAST_ADMIN when the patch takes the last client_admin from an
 *   organization with other members
 */
export async function changeUser(
  deps: UserAdminDeps,
  principal: Principal,
  userId: string,
  patch: AdminUserPatch,
  { isCurrent = () => true }: { isCurrent?: (version: number) => boolean } = {},
): Promise<{ user: AdminUser; version: number }> {
  const now = deps.clock.now()
  const { note } = patch
  const row = await deps.transact(async (tx) => {
    const { lockedPrincipal, user } = await lockWithPrincipal(tx.trx, principal, userId)
    assertCanManage(lockedPrincipal, user)
    if (!isCurrent(user.version)) throw new DomainError('STALE')
    if (patch.role !== undefined && patch.role !== user.role)
      await changeRole(deps, tx, lockedPrincipal, user, { to: patch.role, note })
    const decision = { by: 'platform', ...sessionActor(principal), note, now } as const
    if (patch.isActive === false) await deactivate(deps, tx, user, decision)
    if (patch.isActive === true) await reactivate(deps, tx, user, decision)
    return requirePresent(await findUser(tx.trx, userId))
  })
  return toVersioned(deps, row)
}

/**
 * Ends all sessions of a user, or only one.
 * @returns how many were open
 * @throws DomainError NOT_FOUND, also when the one session is not theirs or has ended, FORBIDDEN
 */
export async function revokeSessions(
  deps: UserAdminDeps,
  principal: Principal,
  userId: string,
  { note, onlyId }: { note?: string | undefined; onlyId?: string } = {},
): Promise<number> {
  const now = deps.clock.now()
  return deps.transact(async (tx) => {
    const { lockedPrincipal, user } = await lockWithPrincipal(tx.trx, principal, userId)
    assertCanManage(lockedPrincipal, user)
    const reason = 'ended by an administrator'
    const which = onlyId === undefined ? {} : { onlyId }
    const count = await endSessions(deps, tx, userId, { ...which, reason, ...sessionActor(principal), now })
    if (onlyId !== undefined && count === 0) throw new DomainError('NOT_FOUND')
    const session = onlyId === undefined ? {} : { sessionId: onlyId }
    const after = { ...commandLineMark(principal), ended: count, ...session, ...(note && { note }) }
    tx.audit({ action: 'user.sessions_revoked', ...target(userId), after, ...auditActor(principal) })
    tx.afterCommit(() => invalidateProfile(deps, userId))
    return count
  })
}

/** Invalidates the cached profile of a user, which may be the actor's own. @throws DomainError NOT_FOUND */
export async function invalidateProfileOf(deps: UserAdminDeps, principal: Principal, userId: string): Promise<void> {
  assertPermission(principal, 'user.change')
  requirePresent(await findUser(deps.db, userId))
  await deps.transact(async ({ audit, afterCommit }) => {
    audit({
      action: 'user.cached_profile_dropped',
      ...target(userId),
      after: commandLineMark(principal),
      ...auditActor(principal),
    })
    afterCommit(() => invalidateProfile(deps, userId))
  })
}

/**
 * Changes a user's role and what follows from it: a user who becomes client_admin gets a personal organization, and a user
 * with a platform role leaves theirs. Only an invitation makes a user without an organization a client_user.
 */
async function changeRole(
  deps: UserAdminDeps,
  tx: Pick<TransactContext, 'trx' | 'enqueue' | 'audit' | 'signal' | 'afterCommit'>,
  principal: Principal,
  user: UserRow,
  { to, note }: { to: Role; note: string | undefined },
): Promise<void> {
  assertCanChangeRole(principal, user, to)
  if (user.role === 'client_admin') await assertNotLastAdmin(tx.trx, user, { path: 'body.role' })
  if (to === 'client_user' && user.organization_id === null)
    throw new DomainError('CONFLICT', {
      message: 'A client_user belongs to an organization. Have a client_admin of it invite this user.',
      details: [detailOf('body.role', 'NOT_ALLOWED', { value: to }, 'needs an organization, which this user lacks')],
    })
  const isClient = to === 'client_admin' || to === 'client_user'
  const membership =
    isClient && user.organization_id === null
      ? await createPersonalOrganization(tx.trx, user, deps.clock.now())
      : { role: to, organizationId: isClient ? user.organization_id : null }
  await setMembership(deps, tx, user, { ...membership, byId: principal.actor?.userId ?? null })
  tx.audit({
    action: 'user.role_changed',
    ...target(user.id),
    before: { role: user.role, organizationId: user.organization_id },
    after: { ...commandLineMark(principal), ...membership, ...(note && { note }) },
    ...auditActor(principal),
  })
}

/**
 * Locks the user and, unless the command line acts, the administrator until the transaction ends.
 * @throws DomainError NOT_FOUND, SESSION_REVOKED
 */
export async function lockWithPrincipal(
  trx: Trx,
  principal: Principal,
  userId: string,
): Promise<{ lockedPrincipal: Principal; user: UserRow }> {
  if (principal.actor === null) return { lockedPrincipal: principal, user: requirePresent(await lockUser(trx, userId)) }
  const { lockedActor, users } = await lockActor(trx, principal.actor, [userId])
  return { lockedPrincipal: { ...principal, actor: lockedActor }, user: requirePresent(users.get(userId)) }
}

/** Asserts that there is such a user, who is not anonymous. @throws DomainError NOT_FOUND */
export function requirePresent(row: UserRow | undefined): UserRow {
  if (!row || row.anonymised_at) throw new DomainError('NOT_FOUND')
  return row
}

const target = (userId: string) => ({ targetType: 'user', targetId: userId })
const sessionActor = ({ actor, origin }: Principal) => ({ actorId: actor?.userId ?? null, origin })

async function toVersioned(deps: UserAdminDeps, row: UserRow): Promise<{ user: AdminUser; version: number }> {
  const [user] = await toAdminUsers(deps, [row])
  return { user: user as AdminUser, version: row.version }
}

async function toAdminUsers({ db, presence, clock }: UserAdminDeps, rows: readonly UserRow[]): Promise<AdminUser[]> {
  const [records, organizations] = await Promise.all([
    presence.read(rows.map(({ id }) => id)),
    findOrganizationNames(
      db,
      rows.flatMap((row) => row.organization_id ?? []),
    ),
  ])
  const now = clock.now()
  return rows.map((row) => ({
    ...toProfile(row),
    ...presenceOf(records?.get(row.id), { lastSeenAt: row.last_seen_at, now }),
    isActive: row.is_active,
    deactivatedBy: row.deactivated_by as AdminUser['deactivatedBy'],
    organizationName: organizations.get(row.organization_id ?? '') ?? null,
    deletionRequestedAt: row.deletion_requested_at?.toISOString() ?? null,
  }))
}
