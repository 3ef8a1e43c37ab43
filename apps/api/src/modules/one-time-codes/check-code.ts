import type { TransactContext } from '@muster/jobs/outbox'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { beginAttempt } from '../lockout/lockout.service.ts'
import { type CodeSource, wrongCode } from './wrong-code.ts'

export type CodeDeps = Pick<Deps, 'db' | 'transact' | 'config' | 'clock'>

/** The purpose of a code that a user entered, as audit events name it. */
export type CodeUse = 'sign-in' | 'enable-otp' | 'enable-totp' | 'change-factor' | 'confirm'

/** A code that was correct. The transaction of the action that it confirms consumes it. */
export type CorrectCode<Kind extends string = string> = {
  kind: Kind
  /** Consumes the code. @throws DomainError OTP_INVALID when another request consumed it first */
  use(tx: TransactContext): Promise<void>
}

export type CodeCheck = {
  user: UserRow
  origin: Origin
  use: CodeUse
  source: CodeSource
  /** The field of the body that has the code, when it is not `code`. */
  field?: string | undefined
}

/**
 * Runs the check of a user's code under the lockout of their account.
 * @param check returns undefined for a wrong code, and anything else for a correct one. When it throws, the attempt is
 *   not counted.
 * @throws DomainError OTP_INVALID, ACCOUNT_LOCKED
 */
export async function checkCode<T>(
  deps: CodeDeps,
  { user, origin, use, source, field }: CodeCheck,
  check: () => Promise<T | undefined>,
): Promise<T> {
  const attempt = await beginAttempt(deps, { kind: 'code', claimant: { email: user.email, user, origin } })
  let correct: T | undefined
  try {
    correct = await check()
  } catch (error) {
    await attempt.release()
    throw error
  }
  if (correct === undefined) {
    await deps.transact(async (tx) => {
      tx.audit({
        action: 'auth.code_failed',
        actorId: null,
        targetType: 'user',
        targetId: user.id,
        after: { use },
        context: origin,
      })
      await attempt.fail(tx)
    })
    throw wrongCode(source, field)
  }
  await attempt.succeed()
  return correct
}
