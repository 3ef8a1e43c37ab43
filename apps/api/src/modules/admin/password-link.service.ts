import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import { claimMailCooldown } from '../../http/limits/mail-cooldown.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { mailReset } from '../passwords/passwords.service.ts'
import { findSuppression, type SuppressionRow } from './admin-emails.queries.ts'
import { lockWithPrincipal, requirePresent } from './admin-users.service.ts'
import { assertCanManage } from './assert-can-manage.ts'
import { assertPermission, auditActor, commandLineMark, type Principal } from './principal.ts'

/**
 * Mails a user a link with which they can set a new password, as if they had asked for it, and within the same limits.
 * @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT for a deactivated account and a suppressed address, COOLDOWN, DEPENDENCY_UNAVAILABLE
 */
export async function sendPasswordLink(
  { db, redis, transact, clock }: Pick<Deps, 'db' | 'redis' | 'transact' | 'clock'>,
  principal: Principal,
  userId: string,
  { note }: { note?: string | undefined } = {},
): Promise<void> {
  assertPermission(principal, 'user.change')
  const { email, ...seen } = requirePresent(await findUser(db, userId))
  assertCanManage(principal, seen)
  const releaseCooldown = await claimMailCooldown(redis, 'reset', email)
  try {
    await transact(async (tx) => {
      const { lockedPrincipal, user } = await lockWithPrincipal(tx.trx, principal, userId)
      assertCanManage(lockedPrincipal, user)
      assertGetsLink(user, await findSuppression(tx.trx, user.email))
      const { actorId, context } = auditActor(principal)
      const after = { ...commandLineMark(principal), ...(note && { note }) }
      await mailReset(tx, { user, email: user.email, actorId, after, origin: context, now: clock.now() })
    })
  } catch (error) {
    await releaseCooldown()
    throw error
  }
}

/** Asserts that a link would reach the user and work. @throws DomainError CONFLICT */
export function assertGetsLink(user: Pick<UserRow, 'is_active'>, suppression: SuppressionRow | undefined): void {
  if (!user.is_active)
    throw new DomainError('CONFLICT', {
      message: 'This account is deactivated, so that no link works. Reactivate it first.',
    })
  if (suppression)
    throw new DomainError('CONFLICT', {
      message: `The address of this user is suppressed (${suppression.reason}). Lift the suppression first.`,
    })
}
