import type { Role } from '../plugins/actor.ts'

const invitable: Record<Role, readonly Role[]> = {
  super_admin: ['site_admin', 'operator', 'client_admin'],
  site_admin: ['operator', 'client_admin'],
  operator: ['client_admin'],
  client_admin: ['client_user'],
  client_user: [],
}

/** The roles that this role may give to somebody it invites; none is as high as its own. */
export const invitableRoles = (role: Role): readonly Role[] => invitable[role]
