import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { can } from '@muster/policy'
import type { Context } from '../../context.ts'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { toPublicUsers } from '../accounts/people.service.ts'
import { deactivate, reactivate } from '../activation/activation.service.ts'
import * as queries from '../organizations/organizations.queries.ts'
import type { Member, MemberPatch, MemberRole, MembersQuery } from '../organizations/organizations.schema.ts'
import { assertMember, createPersonalOrganization } from '../organizations/organizations.service.ts'
import { countOthers, lockOrganizations } from './membership.queries.ts'
import { assertNotLastAdmin, setMembership } from './membership.service.ts'

type ListDeps = Pick<Deps, 'db' | 'presence' | 'clock'>
type Options = { origin: Origin }

/** A page of the members of the actor's organization, by name. @throws DomainError FORBIDDEN for who has none */
export async function listMembers(deps: ListDeps, actor: Actor, { page, limit }: MembersQuery) {
  assertMember(actor)
  const [rows, total] = await Promise.all([
    queries.listMembers(deps.db, actor, { limit, offset: (page - 1) * limit }),
    queries.countMembers(deps.db, actor.organizationId),
  ])
  const pagination = { page, limit, total, totalPages: Math.ceil(total / limit), nextCursor: null }
  return { members: await toMembers(deps, rows), pagination }
}

/**
 * Changes a member's role, or whether their account is in use. Their sessions learn of a new role, and end with a
 * deactivation, within a second. The actor stays client_admin and can't change themselves, so the organization always
 * keeps one.
 * @throws DomainError NOT_FOUND for who is no member, FORBIDDEN for oneself, for who is not (or no longer) client_admin,
 *   and for an account that the platform deactivated
 */
export async function updateMember(
  context: Context,
  actor: Actor,
  userId: string,
  { role, isActive }: MemberPatch,
  { origin }: Options,
): Promise<Member> {
  assertMember(actor)
  await context.transact(async (tx) => {
    const { lockedActor, target } = await lockMember(tx.trx, actor, userId)
    if (!can(lockedActor, 'member.change', { organizationId: target.organization_id }))
      throw new DomainError('FORBIDDEN')
    if (target.id === lockedActor.userId)
      throw new DomainError('FORBIDDEN', {
        message: 'You cannot change your own role or deactivate yourself. Ask another client_admin.',
      })
    if (role !== undefined && role !== target.role) await changeRole(context, tx, lockedActor, target, { role, origin })
    if (isActive === undefined) return
    const decision = { by: 'organization', actorId: lockedActor.userId, origin, now: context.clock.now() } as const
    await (isActive ? reactivate : deactivate)(context, tx, target, decision)
  })
  return readMember(context, actor, userId)
}

/**
 * Takes a person out of the organization: they get a personal one of their own, and their tasks go along. Who removes
 * themselves leaves. What the organization decided about their account ends with it: who was deactivated by it can sign
 * in again.
 * @throws DomainError NOT_FOUND for who is no member, FORBIDDEN, and LAST_ADMIN for the last client_admin who would leave
 */
export async function removeMember(context: Context, actor: Actor, userId: string, { origin }: Options): Promise<void> {
  await context.transact(async (tx) => {
    const { lockedActor, target } = await lockMember(tx.trx, actor, userId)
    const isLeaving = target.id === lockedActor.userId
    if (!can(lockedActor, 'member.remove', { ownerId: target.id, organizationId: target.organization_id }))
      throw new DomainError('FORBIDDEN')
    if (isLeaving) await refuseLonely(tx.trx, target)
    await assertNotLastAdmin(tx.trx, target)
    await moveOut(context, tx, target, { action: isLeaving ? 'left' : 'removed', actorId: lockedActor.userId, origin })
  })
}

async function changeRole(
  context: Context,
  tx: TransactContext,
  lockedActor: Actor,
  target: UserRow,
  { role, origin }: { role: MemberRole; origin: Origin },
): Promise<void> {
  await setMembership(context, tx, target, { role, organizationId: target.organization_id })
  tx.audit({
    action: 'user.role_changed',
    actorId: lockedActor.userId,
    targetType: 'user',
    targetId: target.id,
    before: { role: target.role },
    after: { role },
    context: origin,
  })
}

async function moveOut(
  context: Context,
  tx: TransactContext,
  target: UserRow,
  { action, actorId, origin }: { action: 'left' | 'removed'; actorId: string; origin: Origin },
): Promise<void> {
  const now = context.clock.now()
  const own = await createPersonalOrganization(tx.trx, target, now)
  if (target.deactivated_by === 'organization')
    await reactivate(context, tx, target, { by: 'organization', actorId, origin, now })
  tx.audit({
    action: `organization.member_${action}`,
    actorId,
    targetType: 'user',
    targetId: target.id,
    before: { organizationId: target.organization_id, role: target.role },
    after: own,
    context: origin,
  })
  await setMembership(context, tx, target, own)
}

/** Who is alone in an organization has nowhere better to go. */
async function refuseLonely(trx: Trx, target: UserRow): Promise<void> {
  const { members } = await countOthers(trx, target)
  if (members === 0)
    throw new DomainError('LAST_ADMIN', { message: 'You are alone in this organization: it is yours.' })
}

/** The actor and the member as they are now; their organization changes no one else until the transaction ends. */
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
  const [member] = await toMembers(deps, [row])
  return member as Member
}

async function toMembers(deps: ListDeps, rows: readonly queries.MemberRow[]): Promise<Member[]> {
  const people = await toPublicUsers(deps, rows)
  return rows.map(({ role, email, is_active }, index) => ({
    ...(people[index] as (typeof people)[number]),
    role: role as MemberRole,
    email,
    isActive: is_active,
  }))
}
