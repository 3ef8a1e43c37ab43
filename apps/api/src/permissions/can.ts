import { type Actor, type Role, roles } from '../plugins/actor.ts'
import { type Permission, permissions, type Scope } from './table.ts'

/** Whose something is, and to which organization it belongs. */
export type Target = { ownerId?: string | null; organizationId?: string | null }

/** With what this role may do it. */
export const scopeOf = (role: Role, permission: Permission): Scope =>
  permissions[permission][roles.indexOf(role)] as Scope

/** The roles that may do it with anything at all, for a route's `config.access`. */
export const rolesWith = (permission: Permission): readonly Role[] =>
  roles.filter((role) => scopeOf(role, permission) !== 'none')

/** Whether this person may do it with this. */
export function can(
  { role, userId, organizationId }: Pick<Actor, 'role' | 'userId' | 'organizationId'>,
  permission: Permission,
  target: Target,
): boolean {
  const scope = scopeOf(role, permission)
  if (scope === 'all') return true
  if (scope === 'organization' && organizationId !== null && target.organizationId === organizationId) return true
  return scope !== 'none' && target.ownerId === userId
}
