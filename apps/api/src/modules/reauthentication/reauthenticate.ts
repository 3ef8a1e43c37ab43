import { DomainError, invalid } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { checkOneTimeCode, mailOneTimeCode } from '../one-time-codes/one-time-codes.service.ts'
import { sessionBeganAt } from '../sessions/sessions.service.ts'
import { checkPassword, type PasswordDeps } from './check-password.ts'

/** The credentials that confirm a sensitive action: the password of an account that has one, else a mailed code. */
export type Confirmation = {
  password?: string | undefined
  code?: string | undefined
  /** The field of the body that has the mailed code, when it is not `code`. */
  codeField?: string
}

/**
 * Reauthenticates the actor before a sensitive action, which another person at an unlocked screen must not be able to
 * perform. Consumes the mailed code, which POST /auth/confirmation-code sends.
 * @returns the actor's row
 * @throws DomainError VALIDATION_FAILED for both credentials, or when the one that this account needs is missing, INVALID_CREDENTIALS,
 *   OTP_INVALID, ACCOUNT_LOCKED, OVERLOADED, UNAUTHENTICATED when the user no longer exists
 */
export async function reauthenticate(
  deps: PasswordDeps,
  actor: Actor,
  { password, code, codeField = 'code' }: Confirmation,
  origin: Origin,
): Promise<UserRow> {
  if (password !== undefined && code !== undefined)
    throw invalid(`body.${codeField}`, 'NOT_COMBINABLE', { with: 'password' })
  const user = await findActor(deps, actor)
  if (user.password_hash !== null) {
    if (password === undefined) throw missingField('password', 'confirm with your password')
    await checkPassword(deps, user, { password, origin })
    return user
  }
  if (code === undefined) throw missingField(codeField, 'confirm with the code that POST /auth/confirmation-code mails')
  const correct = await checkOneTimeCode(deps, user, { purpose: 'confirm', code, origin, field: codeField })
  await deps.transact((tx) => correct.use(tx))
  return user
}

/** How long a sign-in counts as recent. */
const recentMs = 15 * 60_000

/**
 * Reauthenticates the actor as {@link reauthenticate} does, unless their session began within the last 15 minutes. Stolen
 * cookies are mostly older than that, and a user who has just signed in should not be asked again.
 */
export async function reauthenticateUnlessRecent(
  deps: PasswordDeps,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<UserRow> {
  const beganAt = await sessionBeganAt(deps, actor)
  const isRecent = deps.clock.now().getTime() - beganAt.getTime() < recentMs
  return isRecent ? findActor(deps, actor) : reauthenticate(deps, actor, confirmation, origin)
}

/** Mails the actor the code that confirms a sensitive action. @throws DomainError COOLDOWN, UNAUTHENTICATED */
export async function mailConfirmationCode(deps: Pick<Deps, 'db' | 'transact' | 'clock'>, actor: Actor): Promise<void> {
  await mailOneTimeCode(deps, await findActor(deps, actor), 'confirm')
}

/** Finds the actor's row. @throws DomainError UNAUTHENTICATED when the user no longer exists */
export async function findActor({ db }: Pick<Deps, 'db'>, actor: Actor): Promise<UserRow> {
  const user = await findUser(db, actor.userId)
  if (!user) throw new DomainError('UNAUTHENTICATED')
  return user
}

/** Builds the error for a body that lacks the credential that this account needs. */
export const missingField = (field: string, message: string) =>
  invalid(`body.${field}`, 'REQUIRED', {}, `is required: ${message}`)
