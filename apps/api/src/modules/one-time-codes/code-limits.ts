import { DomainError } from '@muster/errors'
import type { ChallengeLimits, ChallengeRow } from './challenges.queries.ts'

/** How long a mailed code is valid. */
export const codeTtlMs = 5 * 60_000
/** How long to wait before another code is mailed. */
export const codeMailCooldownMs = 60_000
/** How many times a code can be tried. */
export const codeTries = 5
export const codeDigits = 6

/** Computes the bounds of challenges at this time. */
export const limitsAt = (now: Date): ChallengeLimits => ({
  now,
  maxTries: codeTries,
  mayMailSince: new Date(now.getTime() - codeMailCooldownMs),
})

/** Tells whether the challenge has tries left. */
export const hasTriesLeft = ({ tries }: Pick<ChallengeRow, 'tries'>) => tries < codeTries

/** Builds the error with the time until another code may be mailed. */
export function cooldownError(challenge: ChallengeRow | undefined, now: Date): DomainError {
  const isUsedUp = challenge !== undefined && !hasTriesLeft(challenge)
  const untilMs = isUsedUp
    ? challenge.expires_at.getTime()
    : (challenge?.mailed_at ?? now).getTime() + codeMailCooldownMs
  return new DomainError('COOLDOWN', {
    retryAfterSeconds: Math.max(1, Math.ceil((untilMs - now.getTime()) / 1_000)),
    ...(isUsedUp && { message: 'Too many wrong codes. Wait before you ask for another.' }),
  })
}
