import { DomainError, type Fault, faultOf } from '@muster/errors'
import { passwordFaults, passwordLength } from '@muster/security/password-policy'

type Owner = Parameters<typeof passwordFaults>[1]

/** Returns the one fault of a new password, which names every rule that it breaks; undefined for a good one. */
export function passwordFault(password: string, owner: Owner): Fault | undefined {
  const faults = passwordFaults(password, owner)
  if (faults.length === 0) return undefined
  const params = { rules: faults.map(({ rule }) => rule), ...passwordLength }
  return faultOf('WEAK_PASSWORD', params, faults.map(({ message }) => message).join('; '))
}

/** Asserts that a new password keeps all rules. @throws DomainError VALIDATION_FAILED at this path */
export function assertGoodPassword(password: string, owner: Owner, path: string): void {
  const fault = passwordFault(password, owner)
  if (fault) throw new DomainError('VALIDATION_FAILED', { details: [{ path, ...fault }] })
}
