import { DomainError } from '@muster/errors'
import { invitableRoles, type Role } from '@muster/policy'
import { assertMay, type Doer } from './doer.ts'

type Person = { id: string; role: string }

/** The roles below this one: those that it may invite, and those that these may. */
export function rolesBelow(role: Role): readonly Role[] {
  const direct = invitableRoles(role)
  return [...direct, ...direct.flatMap(rolesBelow)]
}

/**
 * Administrators act on people below them, and never on themselves. Who has the machine may act on everybody.
 * @throws DomainError FORBIDDEN
 */
export function assertMayActOn(doer: Doer, person: Person): void {
  assertMay(doer, 'person.change')
  const { actor } = doer
  if (actor === null) return
  if (actor.userId === person.id)
    throw new DomainError('FORBIDDEN', { message: 'Nobody does this to their own account. Ask another administrator.' })
  if (!rolesBelow(actor.role).includes(person.role as Role))
    throw new DomainError('FORBIDDEN', {
      message: `A ${actor.role} does this to people below them, and not to a ${person.role}.`,
    })
}

/**
 * A role is changed by who may invite people into both, the one that they have and the one that they get.
 * @throws DomainError FORBIDDEN, ROLE_NOT_ALLOWED
 */
export function assertMayChangeRole(doer: Doer, person: Person, to: Role): void {
  assertMayActOn(doer, person)
  if (doer.actor === null) return
  const { role } = doer.actor
  const refused = [person.role as Role, to].find((one) => !invitableRoles(role).includes(one))
  if (refused)
    throw new DomainError('ROLE_NOT_ALLOWED', { message: `A ${role} may neither give nor take the role ${refused}.` })
}
