import type { Invitation, User } from '@muster/client'
import { m } from '../../paraglide/messages.js'

const names: Record<User['role'], () => string> = {
  super_admin: m.invites_role_super_admin,
  site_admin: m.invites_role_site_admin,
  operator: m.invites_role_operator,
  client_admin: m.invites_role_client_admin,
  client_user: m.invites_role_client_user,
}

/** The name of a role for people. */
export const roleName = (role: User['role']): string => names[role]()

/** A sentence for each role about the visibility of tasks after an invitation is accepted (docs/permissions.md). */
export function consequencesOf({ role, organizationName, invitedBy }: Invitation, isMove: boolean): string[] {
  const organization = organizationName ?? ''
  const inviter = m.invites_visible_inviter({ name: invitedBy.name })
  if (role === 'client_user')
    return [
      m.invites_visible_members({ organization }),
      m.invites_visible_admins({ organization }),
      ...(isMove ? [m.invites_visible_moved({ organization })] : []),
      inviter,
    ]
  if (role === 'client_admin')
    return [
      m.invites_visible_new_organization({ organization }),
      ...(isMove ? [m.invites_visible_moved({ organization })] : []),
      m.invites_visible_platform(),
      inviter,
    ]
  return [m.invites_visible_platform_role(), m.invites_visible_platform(), inviter]
}
