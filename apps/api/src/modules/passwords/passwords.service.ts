import { DomainError, detailOf, invalid } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { emailIdOfToken, insertMail, isMailToken, templates } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { assertGoodPassword } from '../../http/good-password.ts'
import { releaseMailCooldown, tryMailCooldown } from '../../http/limits/mail-cooldown.ts'
import { findUserByEmail, lockUser, setPasswordHash, type UserRow } from '../accounts/accounts.service.ts'
import { resetPasswordFailures } from '../lockout/lockout.service.ts'
import { endChallenges } from '../one-time-codes/one-time-codes.service.ts'
import { checkPassword, type PasswordDeps } from '../reauthentication/check-password.ts'
import { findActor, reauthenticate } from '../reauthentication/reauthenticate.ts'
import { sendSecurityAlert } from '../security-events/security-alert.ts'
import { securityEventDetails } from '../security-events/security-event-details.ts'
import { type EndReason, endSessions } from '../sessions/end-sessions.ts'
import * as queries from './passwords.queries.ts'
import type { ChangePassword, ResetPassword } from './passwords.schema.ts'

type ChangeDeps = PasswordDeps & Pick<Deps, 'cache' | 'revocations'>

/** The address of the mail for an unknown e-mail, which has expired before it is sent (RFC 2606 reserves the domain). */
const nobody = 'nobody@example.invalid'
const longAgo = new Date(0)

/**
 * Mails a link with which a new password can be set, valid for 1 h; previous links no longer work. For an unknown e-mail it
 * does the same work, with a mail that has already expired and is dropped. During the address's cooldown, and beyond its
 * daily limit, it does nothing.
 */
export async function forgotPassword(
  deps: Pick<Deps, 'clock' | 'db' | 'redis' | 'transact'>,
  email: string,
  origin: Origin,
): Promise<void> {
  const { db, redis, transact, clock } = deps
  if (!(await tryMailCooldown(redis, 'reset', email))) return
  try {
    const owner = await findUserByEmail(db, email)
    const user = owner?.is_active ? owner : undefined
    await transact((tx) => mailReset(tx, { user, email, origin, now: clock.now() }))
  } catch (error) {
    await releaseMailCooldown(redis, 'reset', email)
    throw error
  }
}

/**
 * Sets a new password by a mailed link. Ends all sessions and open challenges of the user and opens none: a sign-in
 * still requires the second factor.
 * @throws DomainError TOKEN_INVALID, VALIDATION_FAILED for a password that the rules refuse, OVERLOADED
 */
export async function resetPassword(
  deps: ChangeDeps,
  { token, password }: ResetPassword,
  origin: Origin,
): Promise<void> {
  const { config, db, clock, passwords } = deps
  const id = emailIdOfToken(token)
  if (!id || !isMailToken(config.keys.mailCode, { template: 'password-reset', emailId: id }, token))
    throw new DomainError('TOKEN_INVALID')
  const owner = await queries.findResetOwner(db, id, clock.now())
  if (!owner) throw new DomainError('TOKEN_INVALID')
  assertGoodPassword(password, owner, 'body.password')
  const hash = await passwords.hash(password)
  await replacePassword(deps, owner, {
    hash,
    how: 'reset',
    actor: undefined,
    origin,
    assertStillValid: async ({ trx }, _user, now) => {
      if (!(await queries.useReset(trx, id, now))) throw new DomainError('TOKEN_INVALID')
    },
  })
}

/**
 * Changes the actor's password, or sets the first one of an account without a password, and ends their other sessions.
 * @throws DomainError VALIDATION_FAILED, INVALID_CREDENTIALS, OTP_INVALID, ACCOUNT_LOCKED, OVERLOADED
 */
export async function changePassword(
  deps: ChangeDeps,
  actor: Actor,
  input: ChangePassword,
  origin: Origin,
): Promise<void> {
  const before = await findActor(deps, actor)
  // Checked first, so that a password that the rules refuse costs neither an attempt nor the mailed code.
  assertGoodPassword(input.newPassword, before, 'body.newPassword')
  await reauthenticateForChange(deps, actor, before, input, origin)
  const hash = await deps.passwords.hash(input.newPassword)
  await replacePassword(deps, before, {
    hash,
    how: before.password_hash === null ? 'set' : 'changed',
    actor,
    origin,
    assertStillValid: async (_tx, user) => {
      // Of two parallel changes, the second one was confirmed by a password that no longer is the user's.
      if (user.password_hash !== before.password_hash)
        throw new DomainError('INVALID_CREDENTIALS', {
          message: 'The password was changed in the meantime. Try the new one.',
          details: [detailOf('body.currentPassword', 'WRONG_PASSWORD')],
        })
    },
  })
}

async function reauthenticateForChange(
  deps: ChangeDeps,
  actor: Actor,
  user: UserRow,
  { currentPassword, newPassword, code }: ChangePassword,
  origin: Origin,
): Promise<void> {
  if (user.password_hash === null) {
    await reauthenticate(deps, actor, { code }, origin)
    return
  }
  if (currentPassword === undefined) throw invalid('body.currentPassword', 'REQUIRED')
  await checkPassword(deps, user, { password: currentPassword, origin, field: 'currentPassword' })
  if (currentPassword === newPassword) throw invalid('body.newPassword', 'SAME_AS_BEFORE')
}

type Replacement = {
  hash: string
  how: 'changed' | 'reset' | 'set'
  /** The actor, whose current session stays open; undefined for a reset, which ends all sessions. */
  actor: Actor | undefined
  origin: Origin
  /** Throws when a parallel request was faster. The user's row is locked. */
  assertStillValid(tx: TransactContext, user: UserRow, now: Date): Promise<void>
}

const endReasons = {
  changed: 'password changed',
  set: 'password changed',
  reset: 'password reset',
} as const satisfies Record<Replacement['how'], EndReason>

/**
 * Replaces a user's password in one transaction that locks their row: ends their open resets, challenges and sessions,
 * resets their lockout, records the change and alerts them.
 */
async function replacePassword(deps: ChangeDeps, { id }: UserRow, replacement: Replacement): Promise<void> {
  const { hash, how, actor, origin, assertStillValid } = replacement
  const now = deps.clock.now()
  await deps.transact(async (tx) => {
    const user = await lockUser(tx.trx, id)
    if (!user) throw new DomainError('UNAUTHENTICATED')
    await assertStillValid(tx, user, now)
    await setPasswordHash(deps, tx, id, hash, now)
    await queries.endResets(tx.trx, id, now)
    await endChallenges(tx.trx, id, now)
    await resetPasswordFailures(deps, tx, { email: user.email, user, origin })
    tx.audit({ action: `auth.password_${how}`, actorId: id, targetType: 'user', targetId: id, context: origin })
    const data = { ...securityEventDetails(user, origin, now), how }
    await sendSecurityAlert(tx, user, { template: 'password-changed', data })
    const exceptId = actor && { exceptId: actor.sessionId }
    await endSessions(deps, tx, id, { ...exceptId, reason: endReasons[how], actorId: id, origin, now })
  })
}

type Reset = {
  user: UserRow | undefined
  email: string
  /** The administrator who requests it; null for a request of nobody known. */
  actorId?: string | null
  /** Further fields of the audit event. */
  after?: object
  origin: Origin | undefined
  now: Date
}

/** Writes the reset and its mail; previous links no longer work. Without a user it writes a mail that has expired, and no reset. */
export async function mailReset(
  tx: TransactContext,
  { user, email, actorId = null, after, origin, now }: Reset,
): Promise<void> {
  const expiresAt = new Date(now.getTime() + templates['password-reset'].token.ttlMs)
  const id = await insertMail(tx, {
    template: 'password-reset',
    to: user?.email ?? nobody,
    ...(user && { userId: user.id }),
    data: { name: user?.name ?? 'nobody' },
    expiresAt: user ? expiresAt : longAgo,
  })
  await queries.deleteResets(tx.trx, user?.id ?? id)
  await queries.insertReset(tx.trx, { id, userId: user?.id ?? id, expiresAt, now })
  tx.audit({
    action: 'auth.password_reset_requested',
    actorId,
    targetType: user ? 'user' : 'email',
    targetId: user?.id ?? 'unknown',
    after: { email, ...after },
    context: origin,
  })
}
