import { DomainError, detailOf } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { beginAttempt, type Claimant } from '../lockout/lockout.service.ts'

export type PasswordDeps = Pick<Deps, 'db' | 'transact' | 'config' | 'clock' | 'passwords'>

/** The purpose of a password that a user entered; it names the audit event of a failure. */
export type PasswordUse = 'login' | 'confirmation'

/**
 * Compares a password with the claimant's under the lockout of their account. For an unknown e-mail, and for an account
 * without a password, it takes as long.
 * @returns undefined for a wrong password; else whether it should be hashed again
 * @throws DomainError ACCOUNT_LOCKED, OVERLOADED
 */
export async function comparePassword(
  deps: PasswordDeps,
  claimant: Claimant,
  { password, use }: { password: string; use: PasswordUse },
): Promise<{ needsRehash: boolean } | undefined> {
  const { passwords, transact } = deps
  const attempt = await beginAttempt(deps, { kind: 'password', claimant })
  const hash = claimant.user?.password_hash
  const check = await (hash ? passwords.verify(password, hash) : passwords.verifyDecoy(password)).catch(
    async (error: unknown) => {
      await attempt.release()
      throw error
    },
  )
  if (check.ok) {
    await attempt.succeed()
    return check
  }
  await transact((tx) => {
    tx.audit({
      action: `auth.${use}_failed`,
      actorId: null,
      targetType: claimant.user ? 'user' : 'email',
      targetId: claimant.user?.id ?? 'unknown',
      after: { email: claimant.email },
      context: claimant.origin,
    })
    return attempt.fail(tx)
  })
  return undefined
}

/**
 * Checks the password of a signed-in user, under the same lockout as sign-in.
 * @param given with the field of the body that has the password, when it is not `password`
 * @throws DomainError INVALID_CREDENTIALS, also for an account without a password; ACCOUNT_LOCKED, OVERLOADED
 */
export async function checkPassword(
  deps: PasswordDeps,
  user: UserRow,
  { password, origin, field = 'password' }: { password: string; origin: Origin; field?: string },
): Promise<void> {
  const claimant = { email: user.email, user, origin }
  if (!(await comparePassword(deps, claimant, { password, use: 'confirmation' })))
    throw new DomainError('INVALID_CREDENTIALS', {
      message: 'The password is wrong.',
      details: [detailOf(`body.${field}`, 'WRONG_PASSWORD')],
    })
}
