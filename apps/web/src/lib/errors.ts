import { MusterError } from '@muster/client'
import { m } from '../paraglide/messages.js'
import { getLocale } from '../paraglide/runtime.js'
import { MissingPartError } from './stale-chunk.ts'

/** The sentence for each error of the API and of the client, as docs/use.md explains them. */
const sentences: Record<string, () => string> = {
  VALIDATION_FAILED: () => m.errors_validation_failed(),
  OTP_INVALID: () => m.errors_otp_invalid(),
  TOKEN_INVALID: () => m.errors_token_invalid(),
  INVITE_INVALID: () => m.errors_invite_invalid(),
  UNAUTHENTICATED: () => m.errors_unauthenticated(),
  INVALID_CREDENTIALS: () => m.errors_invalid_credentials(),
  SESSION_REVOKED: () => m.errors_session_revoked(),
  CHALLENGE_INVALID: () => m.errors_challenge_invalid(),
  FORBIDDEN: () => m.errors_forbidden(),
  CROSS_ORIGIN: () => m.errors_cross_origin(),
  REGISTRATION_CLOSED: () => m.errors_registration_closed(),
  ROLE_NOT_ALLOWED: () => m.errors_role_not_allowed(),
  TWO_FACTOR_REQUIRED: () => m.errors_two_factor_required(),
  ACCOUNT_INACTIVE: () => m.errors_account_inactive(),
  NOT_FOUND: () => m.errors_not_found(),
  USERNAME_TAKEN: () => m.faults_taken(),
  INVITE_OPEN: () => m.faults_already_invited(),
  ALREADY_EXISTS: () => m.faults_already_exists(),
  LAST_ADMIN: () => m.errors_last_admin(),
  CONFLICT: () => m.errors_conflict(),
  STALE: () => m.errors_stale(),
  FILE_TOO_LARGE: () => m.errors_file_too_large(),
  TOO_MANY_FILES: () => m.errors_too_many_files(),
  UNSUPPORTED_MEDIA_TYPE: () => m.errors_unsupported_media_type(),
  RATE_LIMITED: () => m.errors_rate_limited(),
  COOLDOWN: () => m.errors_cooldown(),
  ACCOUNT_LOCKED: () => m.errors_account_locked(),
  INTERNAL: () => m.errors_internal(),
  OVERLOADED: () => m.errors_overloaded(),
  DEPENDENCY_UNAVAILABLE: () => m.errors_dependency_unavailable(),
  NETWORK: () => m.errors_network(),
  TIMEOUT: () => m.errors_timeout(),
  UNEXPECTED_ANSWER: () => m.errors_unexpected_answer(),
  ATTACHMENT_FAILED: () => m.errors_attachment_failed(),
  CANCELLED: () => m.errors_cancelled(),
}

/** Errors whose English sentence of the server says more than their code. */
const saysMore = new Set([
  'OTP_INVALID',
  'FORBIDDEN',
  'LAST_ADMIN',
  'CONFLICT',
  'ALREADY_EXISTS',
  'ATTACHMENT_FAILED',
  'CROSS_ORIGIN',
])

/** Tells whether the error says that nothing has the address of the page: also one that cannot be an id. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof MusterError &&
  (error.code === 'NOT_FOUND' ||
    (error.code === 'VALIDATION_FAILED' &&
      error.details.length > 0 &&
      error.details.every(({ path }) => path.startsWith('params.'))))

/** Returns what happened and what to do, in the language of the page. */
export function errorSentence(error: unknown): string {
  if (error instanceof MissingPartError) return m.errors_missing_part()
  if (!(error instanceof MusterError)) return m.errors_unknown()
  if (isNotFound(error)) return m.errors_not_found()
  if (saysMore.has(error.code) && getLocale() === 'en') return error.message
  return sentences[error.code]?.() ?? error.message
}

/** Tells whether the operator needs the request's id to find out what happened. */
export const isUnexpected = (error: unknown): boolean =>
  error instanceof MusterError
    ? error.status >= 500 || error.code === 'UNEXPECTED_ANSWER'
    : !(error instanceof MissingPartError)
