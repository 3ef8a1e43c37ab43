import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import type { TransactContext } from '@muster/jobs/outbox'
import { can } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { numberedPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { toPublicUsers } from '../accounts/public-users.service.ts'
import { deactivate, reactivate } from '../activation/activation.service.ts'
import { assertMember, countMembers, createPersonalOrganization } from '../organizations/organizations.service.ts'
import type { RevocationDeps } from '../sessions/end-sessions.ts'
import * as queries from './members.queries.ts'
import type { Member, MemberPatch, MemberRole, MembersQuery } from './members.schema.ts'
import { countOthers, lockOrganizations } from './membership.queries.ts'
import { assertNotLastAdmin, type MembershipDeps, setMembership } from './membership.service.ts'

type ListDeps = Pick<Deps, 'db' | 'presence' | 'clock'>
type ChangeDeps = MembershipDeps & RevocationDeps & Pick<Deps, 'transact'>
type Options = { origin: Origin }

/**
 * Lists a page of the members of the actor's organization, by name: all of them, or those who match the filters.
 * @throws DomainError FORBIDDEN when the actor has no organization, or asks as no client_admin for who lacks a factor
 */
export async function listMembers(
  deps: Omit<ListDeps, 'db'> & { reads: Reads },
  actor: Actor,
  { page, limit, ...filters }: MembersQuery,
) {
  assertMember(actor)
  const asksForFactors = filters.lacksRequiredFactor !== undefined || filters.lacksFactor !== undefined
  if (asksForFactors && !maySeeFactors(actor))
    throw new DomainError('FORBIDDEN', { message: 'Only a client_admin sees who lacks a second factor.' })
  const isFiltered = Object.values(filters).some((value) => value !== undefined)
  const [rows, total] = await deps.reads.read(
    (db) =>
      Promise.all([
        queries.listMembers(db, actor, { ...filters, limit, offset: (page - 1) * limit }),
        isFiltered ? queries.countFound(db, actor, filters) : countMembers(db, actor.organizationId),
      ]),
    async (primary, [found, count]) => [await queries.findMembers(primary, actor, found), count],
  )
  const pagination = numberedPage({ page, limit, total })
  return { members: await toMembers(deps, actor, rows), pagination }
}

/**
 * Changes a member's role, deactivates or reactivates them. Within a second their sessions get the new role, or end. The
 * actor stays client_admin and cannot change themselves, so the organization always keeps one.
 * @throws DomainError NOT_FOUND for a user who is not a member; FORBIDDEN for the actor themselves, when the actor is
 *   not or no longer a client_admin, and for an account that the platform deactivated
 */
export async function updateMember(
  deps: ListDeps & ChangeDeps,
  actor: Actor,
  userId: string,
  { role, isActive }: MemberPatch,
  { origin }: Options,
): Promise<Member> {
  assertMember(actor)
  await deps.transact(async (tx) => {
    const { lockedActor, target } = await lockMember(tx.trx, actor, userId)
    if (!can(lockedActor, 'member.change', { organizationId: target.organization_id }))
      throw new DomainError('FORBIDDEN')
    if (target.id === lockedActor.userId)
      throw new DomainError('FORBIDDEN', {
        message: 'You cannot change your own role or deactivate yourself. Ask another client_admin.',
      })
    const actorId = lockedActor.userId
    if (role !== undefined && role !== target.role) await changeRole(deps, tx, target, { role, actorId, origin })
    if (isActive === undefined) return
    const decision = { by: 'organization', actorId, origin, now: deps.clock.now() } as const
    await (isActive ? reactivate : deactivate)(deps, tx, target, decision)
  })
  return readMember(deps, actor, userId)
}

/**
 * Removes a member from the organization, or lets the actor leave it: the user gets a personal organization, to which
 * their tasks are transferred. A user whom the organization deactivated is reactivated, since its decision ends with the
 * membership.
 * @throws DomainError NOT_FOUND for a user who is not a member; FORBIDDEN; LAST_ADMIN when the last client_admin would
 *   leave
 */
export async function removeMember(deps: ChangeDeps, actor: Actor, userId: string, { origin }: Options): Promise<void> {
  await deps.transact(async (tx) => {
    const { lockedActor, target } = await lockMember(tx.trx, actor, userId)
    const isLeaving = target.id === lockedActor.userId
    if (!can(lockedActor, 'member.remove', { ownerId: target.id, organizationId: target.organization_id }))
      throw new DomainError('FORBIDDEN')
    if (isLeaving) await assertNotAlone(tx.trx, target)
    await assertNotLastAdmin(tx.trx, target)
    await moveOut(deps, tx, target, { action: isLeaving ? 'left' : 'removed', actorId: lockedActor.userId, origin })
  })
}

async function changeRole(
  deps: ChangeDeps,
  tx: TransactContext,
  target: UserRow,
  { role, actorId, origin }: { role: MemberRole; actorId: string; origin: Origin },
): Promise<void> {
  await setMembership(deps, tx, target, { role, organizationId: target.organization_id, byId: actorId })
  tx.audit({
    action: 'user.role_changed',
    actorId,
    targetType: 'user',
    targetId: target.id,
    before: { role: target.role },
    after: { role },
    context: origin,
  })
}

async function moveOut(
  deps: ChangeDeps,
  tx: TransactContext,
  target: UserRow,
  { action, actorId, origin }: { action: 'left' | 'removed'; actorId: string; origin: Origin },
): Promise<void> {
  const now = deps.clock.now()
  const personal = await createPersonalOrganization(tx.trx, target, now)
  if (target.deactivated_by === 'organization')
    await reactivate(deps, tx, target, { by: 'organization', actorId, origin, now })
  tx.audit({
    action: `organization.member_${action}`,
    actorId,
    targetType: 'user',
    targetId: target.id,
    before: { organizationId: target.organization_id, role: target.role },
    after: personal,
    context: origin,
  })
  await setMembership(deps, tx, target, { ...personal, byId: actorId })
}

/** Refuses that the only member leaves the organization. @throws DomainError LAST_ADMIN */
async function assertNotAlone(trx: Trx, target: UserRow): Promise<void> {
  const { members } = await countOthers(trx, target)
  if (members === 0)
    throw new DomainError('LAST_ADMIN', {
      message: 'You are the only member of this organization, so you cannot leave it.',
    })
}

/**
 * Locks the actor, the member and their organization until the transaction ends, so that its memberships change one after
 * another.
 * @throws DomainError NOT_FOUND for a user who is not a member, SESSION_REVOKED
 */
async function lockMember(trx: Trx, actor: Actor, userId: string): Promise<{ lockedActor: Actor; target: UserRow }> {
  const { lockedActor, users } = await lockActor(trx, actor, [userId])
  const target = users.get(userId)
  const isMember = target?.anonymised_at === null && target.organization_id === actor.organizationId
  if (!isMember || !can(lockedActor, 'organization.read', { organizationId: target.organization_id }))
    throw new DomainError('NOT_FOUND')
  await lockOrganizations(trx, [target.organization_id])
  return { lockedActor, target }
}

async function readMember(deps: ListDeps, actor: Actor & { organizationId: string }, userId: string): Promise<Member> {
  const row = await queries.findMember(deps.db, actor, userId)
  if (!row) throw new DomainError('NOT_FOUND')
  const [member] = await toMembers(deps, actor, [row])
  return member as Member
}

/** Tells whether the actor, who may require a second factor, sees who lacks it. */
const maySeeFactors = (actor: Actor & { organizationId: string }) =>
  can(actor, 'organization.change', { organizationId: actor.organizationId })

async function toMembers(
  deps: Omit<ListDeps, 'db'>,
  actor: Actor & { organizationId: string },
  rows: readonly queries.MemberRow[],
): Promise<Member[]> {
  const users = await toPublicUsers(deps, rows)
  return rows.map(({ role, email, is_active, lacks_factor }, index) => ({
    ...(users[index] as (typeof users)[number]),
    role: role as MemberRole,
    email: displayEmailAddress(email),
    isActive: is_active,
    lacksRequiredFactor: maySeeFactors(actor) ? lacks_factor : null,
  }))
}
