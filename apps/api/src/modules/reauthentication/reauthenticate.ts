import { DomainError } from '@muster/errors'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { checkProofCode, mailProofCode } from '../one-time-codes/mailed-codes.ts'
import { sessionBeganAt } from '../sessions/sessions.service.ts'
import { confirmPassword } from './check-password.ts'

/** What the person gives to confirm: the password of an account that has one, else the code that was mailed. */
export type Confirmation = { password?: string | undefined; code?: string | undefined }

/**
 * Makes sure that it is the person themselves who asks, and not somebody at their unlocked screen. The mailed code is
 * used up by it; it comes by POST /auth/confirmation-code.
 * @returns the person's row
 * @throws DomainError VALIDATION_FAILED when what this account confirms with is missing, INVALID_CREDENTIALS, OTP_INVALID,
 *   ACCOUNT_LOCKED, OVERLOADED, UNAUTHENTICATED when the person is gone
 */
export async function confirmPerson(
  context: Context,
  actor: Actor,
  { password, code }: Confirmation,
  origin: Origin,
): Promise<UserRow> {
  const user = await personOf(context, actor)
  if (user.password_hash !== null) {
    if (password === undefined) throw missing('password', 'confirm with your password')
    await confirmPassword(context, user, { password, origin })
    return user
  }
  if (code === undefined) throw missing('code', 'confirm with the code that POST /auth/confirmation-code mails')
  const right = await checkProofCode(context, user, { purpose: 'confirm', code, origin })
  await context.transact((tx) => right.use(tx))
  return user
}

/** How long a sign-in vouches for who is at the screen. */
const recentMs = 15 * 60_000

/**
 * Like {@link confirmPerson}, but a session that was begun in the last 15 minutes is proof enough: a stolen cookie is
 * mostly older, and who has just signed in is not asked again.
 */
export async function confirmUnlessRecent(
  context: Context,
  actor: Actor,
  confirmation: Confirmation,
  origin: Origin,
): Promise<UserRow> {
  const beganAt = await sessionBeganAt(context, actor)
  const isRecent = context.clock.now().getTime() - beganAt.getTime() < recentMs
  return isRecent ? personOf(context, actor) : confirmPerson(context, actor, confirmation, origin)
}

/** Mails the code with which something is confirmed. @throws DomainError COOLDOWN, UNAUTHENTICATED */
export async function mailConfirmationCode(context: Context, actor: Actor): Promise<void> {
  await mailProofCode(context, await personOf(context, actor), 'confirm')
}

/** @throws DomainError UNAUTHENTICATED when the person is gone */
export async function personOf({ db }: Context, actor: Actor): Promise<UserRow> {
  const user = await findUser(db, actor.userId)
  if (!user) throw new DomainError('UNAUTHENTICATED')
  return user
}

/** The refusal of a body that lacks what this account confirms with. */
export function missing(field: string, message: string) {
  return new DomainError('VALIDATION_FAILED', { details: [{ path: `body.${field}`, message }] })
}
