import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { emailIdOfToken, insertMail, isMailToken, templates } from '@muster/mail'
import { passwordFaults } from '@muster/security'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { giveMailTurnBack, isMailTurn } from '../../http/mail-cooldowns.ts'
import { findUser, findUserByEmail, lockUser, setPasswordHash, type UserRow } from '../accounts/accounts.service.ts'
import { forgetPasswordFailures } from '../lockout/lockout.service.ts'
import * as challengesQueries from '../one-time-codes/challenges.queries.ts'
import { confirmPassword } from '../reauthentication/check-password.ts'
import { confirmPerson } from '../reauthentication/reauthenticate.ts'
import { happened } from '../security-events/event-details.ts'
import { tellOfSafety } from '../security-events/security-alert.ts'
import { type EndReason, endSessions } from '../sessions/end-sessions.ts'
import * as queries from './passwords.queries.ts'
import type { ChangePassword, ResetPassword } from './passwords.schema.ts'

/** Where the mail to nobody would go if it were not born expired; RFC 2606 keeps the name free. */
const nobody = 'nobody@example.invalid'
const longAgo = new Date(0)

/**
 * Mails a link with which a new password can be set, 1 h long; the links before it die. An unknown e-mail has the same
 * answer after the same work: its mail is one that has expired already and is dropped. Beyond the turns of the address
 * nothing happens.
 */
export async function forgotPassword(context: Context, email: string, origin: Origin): Promise<void> {
  const { db, redis, transact, clock } = context
  if (!(await isMailTurn(redis, 'reset', email))) return
  try {
    const owner = await findUserByEmail(db, email)
    const user = owner?.is_active ? owner : undefined
    await transact((tx) => orderReset(tx, { user, email, origin, now: clock.now() }))
  } catch (error) {
    await giveMailTurnBack(redis, 'reset', email)
    throw error
  }
}

/**
 * Sets the password of whoever has the link. It ends all their sessions and what was under way, and signs nobody in: a
 * second factor is asked for as ever.
 * @throws DomainError TOKEN_INVALID, VALIDATION_FAILED for a password that may not be, OVERLOADED
 */
export async function resetPassword(
  context: Context,
  { token, password }: ResetPassword,
  origin: Origin,
): Promise<void> {
  const { config, db, clock, passwords } = context
  const id = emailIdOfToken(token)
  if (!id || !isMailToken(config.keys.mailCode, { template: 'password-reset', emailId: id }, token))
    throw new DomainError('TOKEN_INVALID')
  const owner = await queries.findResetOwner(db, id, clock.now())
  if (!owner) throw new DomainError('TOKEN_INVALID')
  refuseBadPassword(password, owner, 'body.password')
  const hash = await passwords.hash(password)
  await replacePassword(context, owner, {
    hash,
    how: 'reset',
    actor: undefined,
    origin,
    prove: async ({ trx }, _user, now) => {
      if (!(await queries.takeReset(trx, id, now))) throw new DomainError('TOKEN_INVALID')
    },
  })
}

/**
 * Changes the person's own password, or sets the first one of an account that has none, and ends their other sessions.
 * @throws DomainError VALIDATION_FAILED, INVALID_CREDENTIALS, OTP_INVALID, ACCOUNT_LOCKED, OVERLOADED
 */
export async function changePassword(
  context: Context,
  actor: Actor,
  input: ChangePassword,
  origin: Origin,
): Promise<void> {
  const { db, passwords } = context
  const before = await findUser(db, actor.userId)
  if (!before) throw new DomainError('UNAUTHENTICATED')
  // First of all, so that a password which may not be costs neither a try nor the mailed code.
  refuseBadPassword(input.newPassword, before, 'body.newPassword')
  await confirmChange(context, actor, before, input, origin)
  const hash = await passwords.hash(input.newPassword)
  await replacePassword(context, before, {
    hash,
    how: before.password_hash === null ? 'set' : 'changed',
    actor,
    origin,
    prove: async (_tx, user) => {
      // Of two changes at once the second confirmed with a password that is none any more.
      if (user.password_hash !== before.password_hash)
        throw new DomainError('INVALID_CREDENTIALS', {
          message: 'The password was changed meanwhile. Try the new one.',
        })
    },
  })
}

async function confirmChange(
  context: Context,
  actor: Actor,
  user: UserRow,
  { currentPassword, newPassword, code }: ChangePassword,
  origin: Origin,
): Promise<void> {
  if (user.password_hash === null) {
    await confirmPerson(context, actor, { code }, origin)
    return
  }
  if (currentPassword === undefined) throw refused('body.currentPassword', 'is required')
  await confirmPassword(context, user, { password: currentPassword, origin })
  if (currentPassword === newPassword) throw refused('body.newPassword', 'is the password that you have')
}

type Replacement = {
  hash: string
  how: 'changed' | 'reset' | 'set'
  /** Whose own session stays; undefined for a reset, which ends all. */
  actor: Actor | undefined
  origin: Origin
  /** Throws when another request was faster; the person's row is locked. */
  prove(tx: TransactContext, user: UserRow, now: Date): Promise<void>
}

const endReasons = {
  changed: 'password changed',
  set: 'password changed',
  reset: 'password reset',
} as const satisfies Record<Replacement['how'], EndReason>

/** Everything that a new password brings with it, in one transaction that holds the person's row. */
async function replacePassword(context: Context, { id }: UserRow, { hash, how, actor, origin, prove }: Replacement) {
  const now = context.clock.now()
  await context.transact(async (tx) => {
    const user = await lockUser(tx.trx, id)
    if (!user) throw new DomainError('UNAUTHENTICATED')
    await prove(tx, user, now)
    await setPasswordHash(context, tx, id, hash, now)
    await queries.endResets(tx.trx, id, now)
    await challengesQueries.endAll(tx.trx, id, now)
    await forgetPasswordFailures(context, tx, { email: user.email, user, origin })
    tx.audit({ action: `auth.password_${how}`, actorId: id, targetType: 'user', targetId: id, context: origin })
    await tellOfSafety(tx, user, { template: 'password-changed', data: { ...happened(user, origin, now), how } })
    const exceptId = actor && { exceptId: actor.sessionId }
    await endSessions(context, tx, id, { ...exceptId, reason: endReasons[how], actorId: id, origin, now })
  })
}

async function orderReset(
  tx: TransactContext,
  { user, email, origin, now }: { user: UserRow | undefined; email: string; origin: Origin; now: Date },
): Promise<void> {
  const expiresAt = new Date(now.getTime() + templates['password-reset'].token.ttlMs)
  const id = await insertMail(tx, {
    template: 'password-reset',
    to: user?.email ?? nobody,
    ...(user && { userId: user.id }),
    data: { name: user?.name ?? 'nobody' },
    expiresAt: user ? expiresAt : longAgo,
  })
  await queries.dropResets(tx.trx, user?.id ?? id)
  await queries.insertReset(tx.trx, { id, userId: user?.id ?? id, expiresAt, now })
  tx.audit({
    action: 'auth.password_reset_requested',
    actorId: null,
    targetType: user ? 'user' : 'email',
    targetId: user?.id ?? 'unknown',
    after: { email },
    context: origin,
  })
}

function refuseBadPassword(password: string, person: UserRow, path: string): void {
  const details = passwordFaults(password, person).map((message) => ({ path, message }))
  if (details.length > 0) throw new DomainError('VALIDATION_FAILED', { details })
}

const refused = (path: string, message: string) =>
  new DomainError('VALIDATION_FAILED', { details: [{ path, message }] })
