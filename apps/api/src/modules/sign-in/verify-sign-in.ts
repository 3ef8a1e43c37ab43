import type { Origin } from '../../http/actor.ts'
import { addressKey } from '../../http/client-address.ts'
import { countRecoveryCodes } from '../two-factor/recovery-codes.ts'
import { verifySecondStep } from './sign-in-challenge.ts'
import type { SignInDeps } from './sign-in-options.ts'
import { completeSignIn, type SignedIn } from './sign-in-steps.ts'

/**
 * Verifies the second step of a sign-in, and opens the session. A recovery code replaces the code of a lost app.
 * @returns with `recoveryCodesLeft` when a recovery code was used
 * @throws DomainError CHALLENGE_INVALID, OTP_INVALID, ACCOUNT_LOCKED, ACCOUNT_INACTIVE, RATE_LIMITED
 */
export async function verifySignIn(
  deps: SignInDeps,
  input: { challengeToken: string; code: string },
  origin: Origin,
): Promise<SignedIn & { recoveryCodesLeft?: number }> {
  // CHALLENGE_INVALID is not counted: a page left open, or a correct code sent twice, must not block the address.
  const wrong = ['OTP_INVALID'] as const
  return deps.guard.attempt('twoFactorVerify', addressKey(origin.ip), wrong, async () => {
    const { user, ...verified } = await verifySecondStep(deps, input, origin)
    const signedIn = await completeSignIn(deps, user, { ...verified, origin })
    if (verified.secondFactor.kind !== 'recovery-code') return signedIn
    return { ...signedIn, recoveryCodesLeft: await countRecoveryCodes(deps, user.id) }
  })
}
