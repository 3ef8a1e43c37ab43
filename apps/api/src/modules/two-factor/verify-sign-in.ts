import { addressKey } from '../../http/client-address.ts'
import type { Origin } from '../../plugins/actor.ts'
import type { Context } from '../../plugins/context.ts'
import { completeSignIn, type SignedIn } from '../auth/sign-in.ts'
import { proveSecondStep } from './sign-in-challenge.ts'
import * as queries from './two-factor.queries.ts'

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
  const wrong = ['OTP_INVALID', 'CHALLENGE_INVALID'] as const
  return context.guard.attempt('twoFactorVerify', addressKey(origin.ip), wrong, async () => {
    const { user, ...proven } = await proveSecondStep(context, input, origin)
    const signedIn = await completeSignIn(context, user, { ...proven, origin })
    if (proven.secondFactor.kind !== 'recovery-code') return signedIn
    return { ...signedIn, recoveryCodesLeft: await queries.countRecoveryCodes(context.db, user.id) }
  })
}
