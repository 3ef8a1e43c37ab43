import { isDatabaseUnavailable } from '@muster/db'
import { findMachineFault } from '@muster/telemetry'
import { dependencyRetry } from '../schedules/schedules-and-retries.ts'
import { AlreadyDone, PermanentError, RetryLater } from './handler.ts'

/** The outcome of a run that threw. `retry` uses up an attempt, `later` does not. */
export type Verdict = { outcome: 'already-done' | 'failed' | 'retry' } | { outcome: 'later'; delayMs: number }

/** One run of a job: the number of its attempt, the attempts that the job has, and all its starts, also those that do not count. */
export type Run = { attempt: number; attempts: number; starts: number; signal: AbortSignal }

const { firstMs, longestMs } = dependencyRetry
const dependencyDelayMs = (starts: number) => Math.min(longestMs, firstMs * 2 ** Math.min(starts - 1, 5))

/**
 * Decides from the error of a run what happens to the job. An unavailable dependency, and a machine without space,
 * permissions or handles, use up no attempt: neither is the job's fault, so they never make it fail.
 */
export function judge(error: unknown, { attempt, attempts, starts, signal }: Run): Verdict {
  if (error instanceof AlreadyDone) return { outcome: 'already-done' }
  if (error instanceof PermanentError) return { outcome: 'failed' }
  if (error instanceof RetryLater) return { outcome: 'later', delayMs: error.delayMs }
  if (signal.aborted) return { outcome: 'later', delayMs: 0 }
  if (isDatabaseUnavailable(error) || findMachineFault(error)) {
    return { outcome: 'later', delayMs: dependencyDelayMs(starts) }
  }
  return { outcome: attempt >= attempts ? 'failed' : 'retry' }
}

/** Tells whether the job fails with this error and is not retried, for a handler that then records or notifies something. */
export const failsFinally = (
  error: unknown,
  { job, attempt, signal }: { job: { options: { attempts: number } }; attempt: number; signal: AbortSignal },
): boolean => judge(error, { attempt, attempts: job.options.attempts, starts: attempt, signal }).outcome === 'failed'
