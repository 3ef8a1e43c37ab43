import { DomainError } from '@muster/errors'
import { can, invitableRoles, type Role, roles, scopeOf } from '@muster/policy'
import type { Actor } from '../../http/actor.ts'
import type { InviteRow } from './invites.queries.ts'
import type { Invite, InviteStatus } from './invites.schema.ts'

/** Nobody writes at the moment at which an invitation runs out. */
export const statusOf = ({ status, expires_at }: InviteRow, now: Date): InviteStatus =>
  status === 'pending' && expires_at <= now ? 'expired' : status

/**
 * Whether who invited still may: whoever was demoted, deactivated or is on their way out can't let anybody in any more,
 * nor can a client_admin into an organization that they have left.
 */
export function isVouchedFor(invite: InviteRow): boolean {
  const isTheirs = invite.role !== 'client_user' || invite.inviter_organization_id === invite.organization_id
  return invite.inviter_is_around && isTheirs && invitableRoles(invite.inviter_role).includes(invite.role)
}

/** @throws DomainError INVITE_INVALID, without saying why */
export function assertOpen(invite: InviteRow | undefined, now: Date): asserts invite is InviteRow {
  if (!invite || statusOf(invite, now) !== 'pending' || !isVouchedFor(invite)) throw new DomainError('INVITE_INVALID')
}

/** @throws DomainError ROLE_NOT_ALLOWED */
export function assertMayInvite(role: Role, invited: Role): void {
  if (invitableRoles(role).includes(invited)) return
  throw new DomainError('ROLE_NOT_ALLOWED', { message: `The role ${role} may not invite the role ${invited}.` })
}

/** Whose invitations the actor sees: undefined stands for everybody's. */
export const seenInviter = ({ role, userId }: Actor): string | undefined =>
  scopeOf(role, 'invite.read') === 'all' ? undefined : userId

/** @throws DomainError NOT_FOUND for what the actor does not see, FORBIDDEN, ROLE_NOT_ALLOWED */
export function assertMayChange(actor: Actor, invite: InviteRow | undefined): asserts invite is InviteRow {
  const target = invite && { ownerId: invite.inviter_id }
  if (!target || !can(actor, 'invite.read', target)) throw new DomainError('NOT_FOUND')
  if (!can(actor, 'invite.change', target)) throw new DomainError('FORBIDDEN')
  assertMayInvite(actor.role, invite.role)
}

const platformRoles: readonly Role[] = ['super_admin', 'site_admin', 'operator']

/**
 * Whether the invitation may take the person's role from them. People of organizations go where they like; a role of the
 * platform is taken by nobody but whoever may give it.
 */
export const mayReplace = (invite: InviteRow, role: Role): boolean =>
  !platformRoles.includes(role) || invitableRoles(invite.inviter_role).includes(role)

/** The roles of the platform above this one, who are told whom it brings. */
export const platformRolesAbove = (role: Role): readonly Role[] =>
  roles.slice(0, roles.indexOf(role)).filter((above) => platformRoles.includes(above))

/** As who may see it gets it. */
export const toInvite = (row: InviteRow, now: Date): Invite => ({
  id: row.id,
  email: row.email,
  role: row.role,
  status: statusOf(row, now),
  expiresAt: row.expires_at.toISOString(),
  organizationName: row.organization_name,
  invitedBy: { id: row.inviter_id, name: row.inviter_name },
  createdAt: row.created_at.toISOString(),
})
