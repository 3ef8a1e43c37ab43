import type { Context } from '../../context.ts'
import type { Origin } from '../../http/actor.ts'
import { addressKey } from '../../http/client-address.ts'
import * as queries from '../two-factor/two-factor.queries.ts'
import { proveSecondStep } from './sign-in-challenge.ts'
import { completeSignIn, type SignedIn } from './sign-in-steps.ts'

/**
 * The second step of a sign-in. A recovery code stands in for an app that is lost.
 * @returns with `recoveryCodesLeft` when one was used
 * @throws DomainError CHALLENGE_INVALID, OTP_INVALID, ACCOUNT_LOCKED, ACCOUNT_INACTIVE, RATE_LIMITED
 */
export async function verifySignIn(
  context: Context,
  input: { challengeToken: string; code: string },
  origin: Origin,
): Promise<SignedIn & { recoveryCodesLeft?: number }> {
  // A challenge that has ended is no guess: a page left open, or a right code sent twice, must not use up the address.
  const wrong = ['OTP_INVALID'] as const
  return context.guard.attempt('twoFactorVerify', addressKey(origin.ip), wrong, async () => {
    const { user, ...proven } = await proveSecondStep(context, input, origin)
    const signedIn = await completeSignIn(context, user, { ...proven, origin })
    if (proven.secondFactor.kind !== 'recovery-code') return signedIn
    return { ...signedIn, recoveryCodesLeft: await queries.countRecoveryCodes(context.db, user.id) }
  })
}
