import { mailRetry } from '@muster/jobs/schedules'

const { firstMs, longestMs, failAfterMs } = mailRetry

/**
 * Returns how long to wait after a failed attempt: double each time, from 1–2 s to 7.5–15 min. Half of it is random, so that
 * mails that failed together are not retried together.
 * @param attempts including the one that failed
 */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  const wholeMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempts, 30))
  return Math.round(wholeMs / 2 + (wholeMs / 2) * random())
}

type FailedMail = { attempts: number; createdAt: Date; expiresAt: Date | null }

/**
 * Returns the time of the next attempt; undefined when the mail has failed for too long. A mail that expires earlier is
 * processed once more at its expiry, to be dropped.
 */
export function nextAttemptAt(
  { attempts, createdAt, expiresAt }: FailedMail,
  now: Date,
  random?: () => number,
): Date | undefined {
  const nextMs = now.getTime() + backoffMs(attempts, random)
  if (expiresAt) return new Date(Math.min(nextMs, Math.max(expiresAt.getTime(), now.getTime())))
  return nextMs - createdAt.getTime() > failAfterMs ? undefined : new Date(nextMs)
}
