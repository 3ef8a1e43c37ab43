import { isDatabaseUnavailable } from '@muster/db'
import type { ErrorCode } from '@muster/errors'
import { domainErrorOf } from '../../../http/domain-error-of.ts'

/** The codes of `WEB_URL/login?error=` after a sign-in with Google. A closed list, which front ends rely on. */
export const googleErrors = {
  access_denied: 'The person said no at Google.',
  account_inactive: 'The account has been deactivated.',
  already_linked: 'The account with this e-mail is linked with another Google account.',
  email_unverified: 'Google does not vouch for the e-mail of this Google account.',
  failed: 'What Google answered proves nothing, or something went wrong here.',
  flow_invalid: 'Not begun by this browser, begun more than 10 minutes ago, or finished already. Begin again.',
  invite_invalid: 'The invitation is wrong, used up, revoked or has expired, or is for another e-mail.',
  invite_refused: 'The invitation is good, but not for this account as it is. Sign in and accept there to learn why.',
  not_configured: 'This installation has no sign-in with Google.',
  registration_closed: 'There is no account with this e-mail, and registration is by invitation only.',
  unavailable: 'Google, or something that this server needs, can not be reached. Try again later.',
} as const

export type GoogleErrorCode = keyof typeof googleErrors

/** The failure of a sign-in with Google, with the code for the front end. */
export class GoogleError extends Error {
  readonly code: GoogleErrorCode

  constructor(code: GoogleErrorCode, options: { cause?: unknown } = {}) {
    super(googleErrors[code], options)
    this.name = 'GoogleError'
    this.code = code
  }
}

const byDomainCode: Partial<Record<ErrorCode, GoogleErrorCode>> = {
  ACCOUNT_INACTIVE: 'account_inactive',
  // The account changed during the sign-in.
  INVALID_CREDENTIALS: 'flow_invalid',
  INVITE_INVALID: 'invite_invalid',
  ALREADY_EXISTS: 'invite_refused',
  LAST_ADMIN: 'invite_refused',
  ROLE_NOT_ALLOWED: 'invite_refused',
  REGISTRATION_CLOSED: 'registration_closed',
  OVERLOADED: 'unavailable',
  DEPENDENCY_UNAVAILABLE: 'unavailable',
}

/** Maps any error to the code for the front end: `failed` unless it is an expected one. */
export function googleErrorCode(error: unknown): GoogleErrorCode {
  if (error instanceof GoogleError) return error.code
  const known = domainErrorOf(error)
  if (known) return byDomainCode[known.code] ?? 'failed'
  return isDatabaseUnavailable(error) ? 'unavailable' : 'failed'
}
