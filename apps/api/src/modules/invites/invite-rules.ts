import { DomainError, detailOf } from '@muster/errors'
import { displayEmailAddress } from '@muster/identifiers'
import { can, invitableRoles, type Role, roles, scopeOf } from '@muster/policy'
import type { Actor } from '../../http/actor.ts'
import type { InviteRow } from './invites.queries.ts'
import type { Invite, InviteDelivery, InviteStatus } from './invites.schema.ts'

/** Returns the status of an invitation at this time: its row may still be `pending` when it has expired. */
export const statusOf = ({ status, expires_at }: InviteRow, now: Date): InviteStatus =>
  status === 'pending' && expires_at <= now ? 'expired' : status

/**
 * Tells whether the inviter still may send this invitation. They may not after losing the role or the organization for it,
 * nor while they are deactivated or about to be deleted.
 */
export function isStillPermitted(invite: InviteRow): boolean {
  const isInOrganization = invite.role !== 'client_user' || invite.inviter_organization_id === invite.organization_id
  return invite.inviter_is_active && isInOrganization && invitableRoles(invite.inviter_role).includes(invite.role)
}

/** Asserts that the invitation can be accepted. @throws DomainError INVITE_INVALID, which does not reveal the reason */
export function assertOpen(invite: InviteRow | undefined, now: Date): asserts invite is InviteRow {
  if (!invite || statusOf(invite, now) !== 'pending' || !isStillPermitted(invite))
    throw new DomainError('INVITE_INVALID')
}

/**
 * Asserts that a user with this role may invite the other role.
 * @param path the field of the request that has the other role
 * @throws DomainError ROLE_NOT_ALLOWED
 */
export function assertMayInvite(role: Role, invited: Role, path?: string): void {
  if (invitableRoles(role).includes(invited)) return
  throw new DomainError('ROLE_NOT_ALLOWED', {
    message: `The role ${role} may not invite the role ${invited}.`,
    ...(path && { details: [detailOf(path, 'NOT_ALLOWED', { value: invited })] }),
  })
}

/** Returns the inviter whose invitations the actor may list; undefined when the actor may list all. */
export const visibleInviter = ({ role, userId }: Actor): string | undefined =>
  scopeOf(role, 'invite.read') === 'all' ? undefined : userId

/**
 * Asserts that the actor may change the invitation.
 * @throws DomainError NOT_FOUND when it is not visible to the actor, FORBIDDEN, ROLE_NOT_ALLOWED
 */
export function assertMayChange(actor: Actor, invite: InviteRow | undefined): asserts invite is InviteRow {
  const target = invite && { ownerId: invite.inviter_id }
  if (!target || !can(actor, 'invite.read', target)) throw new DomainError('NOT_FOUND')
  if (!can(actor, 'invite.change', target)) throw new DomainError('FORBIDDEN')
  assertMayInvite(actor.role, invite.role)
}

export const platformRoles: readonly Role[] = ['super_admin', 'site_admin', 'operator']

/**
 * Tells whether the invitation may replace the user's role. Members of organizations may move freely; a platform role may
 * be replaced only by an inviter who may also grant it.
 */
export const mayReplace = (invite: InviteRow, role: Role): boolean =>
  !platformRoles.includes(role) || invitableRoles(invite.inviter_role).includes(role)

/** Returns the platform roles above this one. Their users are notified of the newcomers whom it invites. */
export const platformRolesAbove = (role: Role): readonly Role[] =>
  roles.slice(0, roles.indexOf(role)).filter((above) => platformRoles.includes(above))

/** Returns what became of the latest mail; null when it is not kept any more. */
function deliveryOf({ mail_status: status, is_suppressed }: InviteRow): InviteDelivery | null {
  if (status === null || status === 'sent') return status
  if (status === 'queued' || status === 'sending') return 'underway'
  return is_suppressed ? 'suppressed' : 'failed'
}

/** Maps the row to the API's invitation. */
export const toInvite = (row: InviteRow, now: Date): Invite => ({
  id: row.id,
  email: displayEmailAddress(row.email),
  role: row.role,
  status: statusOf(row, now),
  expiresAt: row.expires_at.toISOString(),
  organizationName: row.organization_name,
  organizationId: row.organization_id,
  emailId: row.email_id,
  delivery: deliveryOf(row),
  invitedBy: { id: row.inviter_id, name: row.inviter_name },
  createdAt: row.created_at.toISOString(),
})
