import type { Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import type { Actor } from '../../http/actor.ts'
import type { User } from '../accounts/accounts.schema.ts'
import { cancelDeletion, lockUser, setLastSeen, type UserRow } from '../accounts/accounts.service.ts'
import { toUser } from '../accounts/user-view.ts'
import type { CorrectCode } from '../one-time-codes/check-code.ts'
import { recordDevice } from '../sessions/known-devices.ts'
import { openSession } from '../sessions/open-session.ts'
import type { SessionGrant } from '../sessions/session-grant.ts'
import { issueChallenge, type SignInChallenge } from './sign-in-challenge.ts'
import type { SignInDeps, SignInMethod, SignInOptions } from './sign-in-options.ts'

export type SignedIn = { requiresTwoFactor: false; user: User; grant: SessionGrant }

/** The dependencies of opening a session. */
type OpenDeps = Pick<SignInDeps, 'accessTokens' | 'cache' | 'clock' | 'config' | 'invitations' | 'revocations'>

/**
 * Continues after the first step of every kind of sign-in: opens a session, or issues the challenge of the second factor.
 * @param row the user as they were when the first step verified them
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_INACTIVE when the user has changed since; with an invitation also
 *   INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function beginSignIn(
  deps: OpenDeps & Pick<SignInDeps, 'transact'>,
  row: UserRow,
  options: SignInOptions,
): Promise<SignedIn | SignInChallenge> {
  return deps.transact(async (tx) => {
    const user = await lockVerified(tx.trx, row, options.method)
    if (user.two_factor_method !== 'none') return issueChallenge(deps, tx, user, options)
    return signIn(deps, tx, user, options)
  })
}

/**
 * Opens the session after the second step of every kind of sign-in.
 * @param row the user as they were when the second step verified them
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_INACTIVE, CHALLENGE_INVALID, OTP_INVALID when the user or the code has
 *   changed since; with an invitation also INVITE_INVALID, ALREADY_EXISTS, ROLE_NOT_ALLOWED, LAST_ADMIN
 */
export async function completeSignIn(
  deps: OpenDeps & Pick<SignInDeps, 'transact'>,
  row: UserRow,
  options: SignInOptions & { secondFactor: CorrectCode },
): Promise<SignedIn> {
  return deps.transact(async (tx) => {
    const user = await lockVerified(tx.trx, row, options.method)
    await options.secondFactor.use(tx)
    return signIn(deps, tx, user, options)
  })
}

/**
 * Signs the user in, in the transaction of the last step: accepts their invitation, opens the session, notes the device,
 * cancels a requested deletion and records the sign-in.
 * @param row the user, locked or created in this transaction
 */
export async function signIn(
  deps: OpenDeps,
  tx: TransactContext,
  row: UserRow,
  { method, rememberMe, origin, inviteMailId, secondFactor }: SignInOptions & { secondFactor?: CorrectCode },
): Promise<SignedIn> {
  const now = deps.clock.now()
  const user = inviteMailId ? await deps.invitations.acceptAtSignIn(tx, inviteMailId, row, origin) : row
  const holder = { id: user.id, role: user.role as Actor['role'], organizationId: user.organization_id }
  const opened = await openSession(deps, tx, holder, { rememberMe, origin })
  const device = await recordDevice(deps, tx, user, { origin, now })
  await setLastSeen(deps, tx, user.id, now)
  await cancelDeletion(deps, tx, user, { origin, now })
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
 * Locks the user's row until the transaction ends, and checks that the first step still holds. A password change or a
 * deactivation ends all sessions: a sign-in that was in progress must not open one afterwards.
 * @throws DomainError INVALID_CREDENTIALS, ACCOUNT_INACTIVE
 */
async function lockVerified(trx: Trx, row: UserRow, method: SignInMethod): Promise<UserRow> {
  const user = await lockUser(trx, row.id)
  const isSame = method !== 'password' || user?.password_hash === row.password_hash
  if (!user || !isSame) throw new DomainError('INVALID_CREDENTIALS')
  if (!user.is_active) throw new DomainError('ACCOUNT_INACTIVE')
  return user
}
