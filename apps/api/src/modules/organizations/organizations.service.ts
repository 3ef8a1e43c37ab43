import { newId, type Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import { can, type Role } from '@muster/policy'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { forceRenewal } from '../sessions/renew-access.ts'
import * as queries from './organizations.queries.ts'
import type { Organization, OrganizationPatch } from './organizations.schema.ts'

export { countMembers, findOrganizationNames } from './organizations.queries.ts'

/** Where a user belongs and in which role: an organization for a client role, null for a platform role. */
export type Membership = { role: Role; organizationId: string | null }

/** Creates an organization that several users share. @returns its id */
export async function createOrganization(trx: Trx, { name }: { name: string }, now: Date): Promise<string> {
  const id = newId()
  await queries.insertOrganization(trx, { id, name, created_at: now })
  return id
}

/** Creates a user's personal organization. @returns the membership that its user gets: client_admin */
export async function createPersonalOrganization(
  trx: Trx,
  { name }: { name: string },
  now: Date,
): Promise<{ role: 'client_admin'; organizationId: string }> {
  const organizationId = newId()
  await queries.insertOrganization(trx, { id: organizationId, name, is_personal: true, created_at: now })
  return { role: 'client_admin', organizationId }
}

/** Reads the actor's organization. @throws DomainError FORBIDDEN when the actor has none */
export async function getOrganization({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<Organization> {
  assertMember(actor)
  const [row, memberCount] = await Promise.all([
    queries.findOrganization(db, actor.organizationId),
    queries.countMembers(db, actor.organizationId),
  ])
  if (!row) throw new DomainError('NOT_FOUND')
  return toOrganization(row, memberCount)
}

/**
 * Changes the actor's organization. A change of the required second factor reaches every open session of its members within
 * a second.
 * @throws DomainError FORBIDDEN when the actor is not, or no longer, its client_admin
 */
export async function updateOrganization(
  { db, transact, clock }: Pick<Deps, 'db' | 'transact' | 'clock'>,
  actor: Actor,
  patch: OrganizationPatch,
  { origin }: { origin: Origin },
): Promise<Organization> {
  assertMember(actor)
  const { organizationId } = actor
  const row = await transact(async ({ trx, audit }) => {
    const { lockedActor } = await lockActor(trx, actor)
    if (!can(lockedActor, 'organization.change', { organizationId })) throw new DomainError('FORBIDDEN')
    const before = await queries.lockOrganization(trx, organizationId)
    if (!before) throw new DomainError('NOT_FOUND')
    const changes = changesOf(before, patch)
    if (Object.keys(changes).length === 0) return before
    const after = await queries.updateOrganization(trx, organizationId, changes, clock.now())
    audit({
      action: 'organization.updated',
      actorId: actor.userId,
      targetType: 'organization',
      targetId: organizationId,
      before: pick(before, patch),
      after: pick(after, patch),
      context: origin,
    })
    if (changes.two_factor_method) await forceRenewal(trx, { organizationId }, clock.now())
    return after
  })
  return toOrganization(row, await queries.countMembers(db, organizationId))
}

/** Asserts that the actor belongs to an organization. @throws DomainError FORBIDDEN */
export function assertMember(actor: Actor): asserts actor is Actor & { organizationId: string } {
  if (!can(actor, 'organization.read', { organizationId: actor.organizationId })) throw new DomainError('FORBIDDEN')
}

type Changes = Partial<Pick<queries.OrganizationRow, 'name' | 'two_factor_method'>>

function changesOf(before: queries.OrganizationRow, { name, twoFactorMethod }: OrganizationPatch): Changes {
  return {
    ...(name !== undefined && name !== before.name && { name }),
    ...(twoFactorMethod !== undefined &&
      twoFactorMethod !== before.two_factor_method && { two_factor_method: twoFactorMethod }),
  }
}

/** Returns the fields of the row that the patch names. */
const pick = (row: queries.OrganizationRow, patch: OrganizationPatch) => ({
  ...(patch.name !== undefined && { name: row.name }),
  ...(patch.twoFactorMethod !== undefined && { twoFactorMethod: row.two_factor_method }),
})

const toOrganization = (row: queries.OrganizationRow, memberCount: number): Organization => ({
  id: row.id,
  name: row.name,
  twoFactorMethod: row.two_factor_method as Organization['twoFactorMethod'],
  memberCount,
  createdAt: row.created_at.toISOString(),
})
