import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Context } from '../../context.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { User } from '../accounts/accounts.schema.ts'
import { cancelDeletion, lockUser, setLastSeen, type UserRow } from '../accounts/accounts.service.ts'
import { toUser } from '../accounts/user-view.ts'
import { acceptAtSignIn } from '../invites/acceptance.ts'
import type { RightCode } from '../one-time-codes/mailed-codes.ts'
import { noteDevice } from '../sessions/known-devices.ts'
import { openSession } from '../sessions/open-session.ts'
import type { SessionGrant } from '../sessions/session-grant.ts'
import { issueChallenge, type SignInChallenge } from './sign-in-challenge.ts'

/** How the first step proved who somebody is. */
export type SignInMethod = 'password' | 'google' | 'invite'

export type SignInOptions = {
  method: SignInMethod
  rememberMe: boolean
  origin: Origin
  /** The mail of an invitation that the person accepts with their last step. */
  inviteMailId?: string | undefined
}

export type SignedIn = { requiresTwoFactor: false; user: User; grant: SessionGrant }

/**
 * What follows the first step of every way in: a session, or the challenge of who has a second factor.
 * @param row the person as they were when the proof was looked at
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_INACTIVE when that changed in the meantime; with an invitation also
 *   INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function beginSignIn(
  context: Context,
  row: UserRow,
  options: SignInOptions,
): Promise<SignedIn | SignInChallenge> {
  return context.transact(async (tx) => {
    const user = await lockProven(tx.trx, row, options.method)
    if (user.two_factor_method !== 'none') return issueChallenge(context, tx, user, options)
    return signIn(context, tx, user, options)
  })
}

/**
 * What follows the second step of every way in: a session.
 * @param row the person as they were when the last proof was looked at
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_INACTIVE, CHALLENGE_INVALID, OTP_INVALID when that changed in the
 *   meantime; with an invitation also INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function completeSignIn(
  context: Context,
  row: UserRow,
  options: SignInOptions & { secondFactor: RightCode },
): Promise<SignedIn> {
  return context.transact(async (tx) => {
    const user = await lockProven(tx.trx, row, options.method)
    await options.secondFactor.use(tx)
    return signIn(context, tx, user, options)
  })
}

/**
 * What follows the last step of every way in, in its transaction: opens the session, records it, notes the device and
 * takes back a wish to be deleted.
 * @param row the person, locked or made in this transaction
 */
export async function signIn(
  context: Context,
  tx: TransactContext,
  row: UserRow,
  { method, rememberMe, origin, inviteMailId, secondFactor }: SignInOptions & { secondFactor?: RightCode },
): Promise<SignedIn> {
  const now = context.clock.now()
  const user = inviteMailId ? await acceptAtSignIn(context, tx, inviteMailId, row, origin) : row
  const person = { id: user.id, role: user.role as Actor['role'], organizationId: user.organization_id }
  const opened = await openSession(context, tx, person, { rememberMe, origin })
  const device = await noteDevice(context, tx, user, { origin, now })
  await setLastSeen(context, tx, user.id, now)
  await cancelDeletion(context, tx, user, { origin, now })
  tx.audit({
    action: 'auth.login_succeeded',
    actorId: user.id,
    targetType: 'session',
    targetId: opened.actor.sessionId,
    after: { method, rememberMe, ...(secondFactor && { secondFactor: secondFactor.kind }) },
    context: origin,
  })
  return {
    requiresTwoFactor: false,
    user: toUser({ ...user, last_seen_at: now }, now),
    grant: { ...opened, device },
  }
}

/**
 * Locks the person's row until the transaction ends, unless what was proven a moment ago no longer holds: who changes a
 * password or deactivates an account ends its sessions, and no sign-in that was under way may slip through behind that.
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_INACTIVE
 */
export async function lockProven(trx: Trx, row: UserRow, method: SignInMethod): Promise<UserRow> {
  const user = await lockUser(trx, row.id)
  const isProven = method !== 'password' || user?.password_hash === row.password_hash
  if (!user || !isProven) throw new DomainError('INVALID_CREDENTIALS')
  if (!user.is_active) throw new DomainError('ACCOUNT_INACTIVE')
  return user
}
