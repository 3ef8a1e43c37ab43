const firstMs = 1_000
const longestMs = 15 * 60_000
/** A mail that could not be handed over for so long is given up. */
export const giveUpAfterMs = 24 * 3_600_000

/**
 * How long to wait after a failed try: doubling from 1–2 s up to 7.5–15 min. Half of it is chance, so that what failed
 * together doesn't come back together.
 * @param attempts tries made, this one included
 */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempts, 30))
  return Math.round(wholeMs / 2 + (wholeMs / 2) * random())
}

type Tried = { attempts: number; createdAt: Date; expiresAt: Date | null }

/**
 * When to try again; undefined when the mail is to be given up. A mail that expires meanwhile is looked at once more at
 * that moment, to be dropped.
 */
export function nextAttemptAt(
  { attempts, createdAt, expiresAt }: Tried,
  now: Date,
  random?: () => number,
): Date | undefined {
  const nextMs = now.getTime() + backoffMs(attempts, random)
  if (expiresAt) return new Date(Math.min(nextMs, Math.max(expiresAt.getTime(), now.getTime())))
  return nextMs - createdAt.getTime() > giveUpAfterMs ? undefined : new Date(nextMs)
}
