import { DomainError, detailOf } from '@muster/errors'
import { invitableRoles, type Role } from '@muster/policy'
import { assertPermission, type Principal } from './principal.ts'

type Target = { id: string; role: string }

/** Returns the roles below this one: those into which it may invite, and recursively those into which these may. */
export function rolesBelow(role: Role): readonly Role[] {
  const direct = invitableRoles(role)
  return [...direct, ...direct.flatMap(rolesBelow)]
}

/**
 * Asserts that the principal may manage a user: administrators manage users with roles below their own, and never
 * themselves. The command line manages all users.
 * @throws DomainError FORBIDDEN
 */
export function assertCanManage(principal: Principal, user: Target): void {
  assertPermission(principal, 'user.change')
  const { actor } = principal
  if (actor === null) return
  if (actor.userId === user.id)
    throw new DomainError('FORBIDDEN', {
      message: 'You cannot do this to your own account. Ask another administrator.',
    })
  if (!rolesBelow(actor.role).includes(user.role as Role))
    throw new DomainError('FORBIDDEN', {
      message: `As ${actor.role} you can do this only to users with a role below yours, and this user is ${user.role}.`,
    })
}

/**
 * Asserts that the principal may change a user's role: they must be allowed to invite into both the current and the new
 * role.
 * @throws DomainError FORBIDDEN, ROLE_NOT_ALLOWED
 */
export function assertCanChangeRole(principal: Principal, user: Target, to: Role): void {
  assertCanManage(principal, user)
  if (principal.actor === null) return
  const { role } = principal.actor
  const refused = [user.role as Role, to].find((one) => !invitableRoles(role).includes(one))
  if (refused)
    throw new DomainError('ROLE_NOT_ALLOWED', {
      message: `As ${role} you cannot grant or withdraw the role ${refused}.`,
      details: [detailOf('body.role', 'NOT_ALLOWED', { value: refused })],
    })
}
