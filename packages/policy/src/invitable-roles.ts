import type { Role } from './roles.ts'

const invitable: Record<Role, readonly Role[]> = {
  super_admin: ['site_admin', 'operator', 'client_admin'],
  site_admin: ['operator', 'client_admin'],
  operator: ['client_admin'],
  client_admin: ['client_user'],
  client_user: [],
}

/** Returns the roles into which a role may invite; each is lower than its own. */
export const invitableRoles = (role: Role): readonly Role[] => invitable[role]
