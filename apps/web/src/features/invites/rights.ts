import type { Invite, InvitedRole, User } from '@muster/client'

/** The roles into which each role may invite (docs/permissions.md). */
const invitable: Record<User['role'], readonly InvitedRole[]> = {
  super_admin: ['client_admin', 'operator', 'site_admin'],
  site_admin: ['client_admin', 'operator'],
  operator: ['client_admin'],
  client_admin: ['client_user'],
  client_user: [],
}

/** Returns the roles into which a role may invite. */
export const invitableRoles = (role: User['role']): readonly InvitedRole[] => invitable[role]

/** Tells whether the user may resend and revoke an invitation that they see: their own, and as administrator of the platform those of others. */
export function mayChangeInvite({ id, role }: User, invite: Invite): boolean {
  const isOwn = invite.invitedBy.id === id
  return (isOwn || role === 'super_admin' || role === 'site_admin') && invitableRoles(role).includes(invite.role)
}
