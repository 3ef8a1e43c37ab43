/** The source of the current time, which tests replace. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }

/** The time of Postgres, and of the clocks of this process at the same instant. */
export type ClockSample = { databaseMs: number; systemMs: number; monotonicMs: number; uncertaintyMs: number }

export type CorrectedClock = Clock & {
  /** Continues from the sample's Postgres time. */
  correct(sample: ClockSample): void
  /** Tests whether the system clock was set forward or back since the last correction. */
  hasStepped(): boolean
}

type Sources = { systemMs: () => number; monotonicMs: () => number }

/** NTP adjusts a clock by less than this in a minute. */
const stepMs = 500

/**
 * Creates a clock that continues from the time of Postgres, which all processes share, by the monotonic clock of this process: a wrong
 * or adjusted system clock has no effect. Before the first correction it returns the system time.
 */
export function createCorrectedClock({
  systemMs = () => Date.now(),
  monotonicMs = () => performance.now(),
}: Partial<Sources> = {}): CorrectedClock {
  let anchor: ClockSample | undefined
  return {
    now: () => new Date(anchor ? anchor.databaseMs + (monotonicMs() - anchor.monotonicMs) : systemMs()),
    correct: (sample) => {
      anchor = sample
    },
    hasStepped: () =>
      anchor !== undefined && Math.abs(systemMs() - anchor.systemMs - (monotonicMs() - anchor.monotonicMs)) > stepMs,
  }
}
