import { isDatabaseUnavailable } from '@muster/db'
import { findMachineFault } from '@muster/telemetry'
import { AlreadyDone, PermanentError, RetryLater } from './handler.ts'

/** What becomes of a job whose run threw. */
export type Verdict = { outcome: 'already-done' | 'failed' | 'retry' } | { outcome: 'later'; delayMs: number }

/** Of one run of a job: which of its attempts it was, how many it has, how often it was started for whatever reason. */
export type Run = { attempt: number; attempts: number; starts: number; signal: AbortSignal }

const longestWaitMs = 30_000
const waitMs = (starts: number) => Math.min(longestWaitMs, 500 * 2 ** Math.min(starts, 6))

/**
 * Judges what a run threw. A dependency that is away, and a machine without space, permission or handles, use up no
 * attempt: neither is the job's fault, so it never fails for good because of them.
 */
export function judge(error: unknown, { attempt, attempts, starts, signal }: Run): Verdict {
  if (error instanceof AlreadyDone) return { outcome: 'already-done' }
  if (error instanceof PermanentError) return { outcome: 'failed' }
  if (error instanceof RetryLater) return { outcome: 'later', delayMs: error.delayMs }
  if (signal.aborted) return { outcome: 'later', delayMs: 0 }
  if (isDatabaseUnavailable(error) || findMachineFault(error)) return { outcome: 'later', delayMs: waitMs(starts) }
  return { outcome: attempt >= attempts ? 'failed' : 'retry' }
}

/** Whether the job fails for good with this error, for a handler that has something to say about that. */
export const failsForGood = (
  error: unknown,
  { job, attempt, signal }: { job: { options: { attempts: number } }; attempt: number; signal: AbortSignal },
): boolean => judge(error, { attempt, attempts: job.options.attempts, starts: attempt, signal }).outcome === 'failed'
