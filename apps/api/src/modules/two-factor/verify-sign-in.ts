import { DomainError } from '@muster/errors'
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
  const slot = await context.guard.reserve('twoFactorVerify', addressKey(origin.ip))
  try {
    const { user, ...proven } = await proveSecondStep(context, input, origin)
    const signedIn = await completeSignIn(context, user, { ...proven, origin })
    await slot.giveBack()
    if (proven.secondFactor.kind !== 'recovery-code') return signedIn
    return { ...signedIn, recoveryCodesLeft: await queries.countRecoveryCodes(context.db, user.id) }
  } catch (error) {
    // Unless something was guessed, nothing failed.
    if (!isGuess(error)) await slot.giveBack()
    throw error
  }
}

const isGuess = (error: unknown) =>
  error instanceof DomainError && (error.code === 'OTP_INVALID' || error.code === 'CHALLENGE_INVALID')
