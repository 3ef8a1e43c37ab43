import { isDatabaseUnavailable } from '@muster/db'
import type { ErrorCode } from '@muster/errors'
import { domainErrorOf } from '../../../http/errors/domain-error-of.ts'

/** The codes of `WEB_URL/login?error=` after a sign-in with Google. A closed list, which front ends rely on. */
export const googleErrors = {
  access_denied: 'The user cancelled at Google.',
  account_inactive: 'The account has been deactivated.',
  already_linked: 'The account with this e-mail is linked with another Google account.',
  email_unverified: 'Google has not verified the e-mail of this Google account.',
  failed: 'The response of Google was invalid, or an error occurred here.',
  flow_invalid:
    'This browser did not begin the flow, began it more than 10 minutes ago, or has finished it. Begin again.',
  invite_invalid: 'The invitation is unknown, used, revoked or expired, or is for another e-mail.',
  invite_refused:
    'The invitation is valid, but this account may not accept it. Sign in and accept there to see the reason.',
  not_configured: 'This installation has no sign-in with Google.',
  registration_closed: 'There is no account with this e-mail, and registration is by invitation only.',
  unavailable: 'Google, or a service that this server needs, is unavailable. Try again later.',
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
