import { type Permission, permissions, type Scope } from './permissions.ts'
import { type Principal, type Role, roles } from './roles.ts'

/** The owner of an object and the organization to which it belongs. */
export type Target = { ownerId?: string | null; organizationId?: string | null }

/** Returns the objects to which a role may apply a permission. */
export const scopeOf = (role: Role, permission: Permission): Scope =>
  permissions[permission][roles.indexOf(role)] as Scope

/** Returns the roles that may apply a permission to any object at all, for a route's `config.access`. */
export const rolesWith = (permission: Permission): readonly Role[] =>
  roles.filter((role) => scopeOf(role, permission) !== 'none')

/** Tells whether the principal may apply a permission to this object. */
export function can({ role, userId, organizationId }: Principal, permission: Permission, target: Target): boolean {
  const scope = scopeOf(role, permission)
  if (scope === 'all') return true
  if (scope === 'organization' && organizationId !== null && target.organizationId === organizationId) return true
  return scope !== 'none' && target.ownerId === userId
}
