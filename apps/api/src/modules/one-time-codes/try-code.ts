import { DomainError } from '@muster/errors'
import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { takeTry } from '../lockout/lockout.service.ts'

/** What the code was asked for, as audit events name it. */
export type CodeUse = 'sign-in' | 'enable-otp' | 'enable-totp' | 'change-factor' | 'confirm'

/**
 * Looks at somebody's code under the lock-out of their account.
 * @param check gives what a right code means and undefined for a wrong one; when it throws, no code was looked at
 * @throws DomainError OTP_INVALID, ACCOUNT_LOCKED
 */
export async function tryCode<T>(
  context: Context,
  { user, origin, use }: { user: UserRow; origin: Origin; use: CodeUse },
  check: () => Promise<T | undefined>,
): Promise<T> {
  const lock = await takeTry(context, { kind: 'code', who: { email: user.email, user, origin } })
  let right: T | undefined
  try {
    right = await check()
  } catch (error) {
    await lock.giveBack()
    throw error
  }
  if (right === undefined) {
    await context.transact(async (tx) => {
      tx.audit({
        action: 'auth.code_failed',
        actorId: null,
        targetType: 'user',
        targetId: user.id,
        after: { use },
        context: origin,
      })
      await lock.fail(tx)
    })
    throw new DomainError('OTP_INVALID')
  }
  await lock.succeed()
  return right
}
