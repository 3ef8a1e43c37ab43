import { DomainError } from '@muster/errors'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { type Claimant, takeTry } from '../lockout/lockout.service.ts'

/** What the password was given for, as the audit event of a failure says it. */
export type PasswordUse = 'login' | 'confirmation'

/**
 * Compares a password under the account's lock-out. An unknown e-mail and an account without a password take as long.
 * @returns undefined when it is wrong; else whether it should be hashed anew
 * @throws DomainError ACCOUNT_LOCKED, OVERLOADED
 */
export async function tryPassword(
  context: Context,
  who: Claimant,
  { password, use }: { password: string; use: PasswordUse },
): Promise<{ needsRehash: boolean } | undefined> {
  const { passwords, transact } = context
  const attempt = await takeTry(context, { kind: 'password', who })
  const hash = who.user?.password_hash
  const check = await (hash ? passwords.verify(password, hash) : passwords.verifyDecoy(password)).catch(
    async (error: unknown) => {
      await attempt.giveBack()
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
      targetType: who.user ? 'user' : 'email',
      targetId: who.user?.id ?? 'unknown',
      after: { email: who.email },
      context: who.origin,
    })
    return attempt.fail(tx)
  })
  return undefined
}

/**
 * Makes sure that who is signed in knows the account's password, under the same lock-out as the sign-in.
 * @throws DomainError INVALID_CREDENTIALS, also for an account that has none; ACCOUNT_LOCKED, OVERLOADED
 */
export async function confirmPassword(
  context: Context,
  user: UserRow,
  { password, origin }: { password: string; origin: Origin },
): Promise<void> {
  const who = { email: user.email, user, origin }
  if (!(await tryPassword(context, who, { password, use: 'confirmation' })))
    throw new DomainError('INVALID_CREDENTIALS', { message: 'The password is wrong.' })
}
