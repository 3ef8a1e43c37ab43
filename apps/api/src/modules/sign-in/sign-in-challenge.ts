import { createHash } from 'node:crypto'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { readSignedText, signText } from '@muster/security/signed-text'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Origin } from '../../http/actor.ts'
import { findUser, type UserRow } from '../accounts/accounts.service.ts'
import { type CodeDeps, type CorrectCode, checkCode } from '../one-time-codes/check-code.ts'
import * as challenges from '../one-time-codes/sign-in-challenges.service.ts'
import { checkFactorCode, sourceOfFactorCode } from '../two-factor/check-factor-code.ts'
import type { SignInMethod, SignInOptions } from './sign-in-options.ts'

/** The answer of a first step that a second step must follow. */
export type SignInChallenge = {
  requiresTwoFactor: true
  method: 'otp' | 'totp'
  challengeToken: string
  expiresAt: string
}

/** The decisions of the first step, stored with the challenge. */
const firstStep = z.object({
  method: z.enum(['password', 'google', 'invite']) satisfies z.ZodType<SignInMethod>,
  rememberMe: z.boolean(),
  /** The digest of the password hash at that time: a password change ends the sign-in. */
  passwordMark: z.string(),
  /** The mail of an invitation that is accepted with the last step. */
  inviteMailId: z.uuid().optional(),
})
type FirstStep = z.infer<typeof firstStep>

const purpose = 'two-factor-challenge'

/**
 * Issues the challenge of a sign-in's second step, and mails its code to a user whose factor is the mailed code.
 * @param user the row, locked in this transaction
 */
export async function issueChallenge(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  tx: TransactContext,
  user: UserRow,
  { method: firstMethod, rememberMe, inviteMailId }: Pick<SignInOptions, 'method' | 'rememberMe' | 'inviteMailId'>,
): Promise<SignInChallenge> {
  const method = user.two_factor_method as SignInChallenge['method']
  const context: FirstStep = { method: firstMethod, rememberMe, passwordMark: passwordMark(user), inviteMailId }
  const { id, expiresAt } = await challenges.insertSignInChallenge(tx, user, { method, context, now: clock.now() })
  return {
    requiresTwoFactor: true,
    method,
    challengeToken: signText(config.keys.cookie, purpose, id),
    expiresAt: expiresAt.toISOString(),
  }
}

/**
 * Mails another code for a sign-in. Its tries and its expiry stay as they are; the previous code no longer works.
 * @throws DomainError CHALLENGE_INVALID, CONFLICT when the code comes from an app, COOLDOWN
 */
export async function resendCode(deps: CodeDeps, challengeToken: string): Promise<void> {
  const { challenge, user } = await readChallenge(deps, challengeToken)
  if (challenge.method !== 'otp') throw new DomainError('CONFLICT', { message: 'Your app shows the code.' })
  await challenges.mailAnotherCode(deps, challenge, user)
}

/** A sign-in whose second step is verified. Using `secondFactor` ends its challenge. */
export type VerifiedSignIn = {
  user: UserRow
  method: SignInMethod
  rememberMe: boolean
  inviteMailId: string | undefined
  secondFactor: CorrectCode
}

/**
 * Verifies the code of a sign-in's second step. A challenge has five tries, each counted before its code is checked.
 * @throws DomainError CHALLENGE_INVALID, OTP_INVALID, ACCOUNT_LOCKED
 */
export async function verifySecondStep(
  deps: CodeDeps,
  { challengeToken, code }: { challengeToken: string; code: string },
  origin: Origin,
): Promise<VerifiedSignIn> {
  const { challenge: found, user, first } = await readChallenge(deps, challengeToken)
  const source = found.method === 'otp' ? 'mail' : sourceOfFactorCode(code)
  const { challenge, correct } = await checkCode(deps, { user, origin, use: 'sign-in', source }, async () => {
    const challenge = await challenges.countTry(deps, found.id)
    if (!challenge) throw new DomainError('CHALLENGE_INVALID')
    const correct =
      challenge.method === 'otp'
        ? challenges.checkSignInCode(deps, challenge, code)
        : await checkFactorCode(deps, user, { code, origin })
    return correct && { challenge, correct }
  })
  return {
    user,
    method: first.method,
    rememberMe: first.rememberMe,
    inviteMailId: first.inviteMailId,
    secondFactor: {
      kind: correct.kind,
      async use(tx) {
        await challenges.useSignInChallenge(tx, challenge, deps.clock.now())
        await correct.use(tx)
      },
    },
  }
}

/** Reads an open challenge by its token. @throws DomainError CHALLENGE_INVALID when it has ended, or the user has changed */
async function readChallenge({ config, db, clock }: Pick<CodeDeps, 'config' | 'db' | 'clock'>, challengeToken: string) {
  const id = readSignedText(config.keys.cookie, purpose, challengeToken)
  const challenge = id ? await challenges.findSignInChallenge(db, id) : undefined
  const user = challenge && (await findUser(db, challenge.user_id))
  if (!challenge || !user) throw new DomainError('CHALLENGE_INVALID')
  const first = firstStep.parse(challenge.context)
  const isOpen =
    challenges.isOpenChallenge(challenge, clock.now()) &&
    challenge.method === user.two_factor_method &&
    first.passwordMark === passwordMark(user)
  if (!isOpen) throw new DomainError('CHALLENGE_INVALID')
  return { challenge, user, first }
}

/** Digests the password hash, so that a change of the password is noticed. The hash is salted: the digest reveals nothing. */
function passwordMark({ password_hash: hash }: UserRow): string {
  return createHash('sha256')
    .update(hash ?? '')
    .digest('base64url')
}
