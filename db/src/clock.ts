/** Where rules get the time from, so that tests can move it. */
export type Clock = { now(): Date }

export const systemClock: Clock = { now: () => new Date() }

/** A moment as Postgres has it, and as the clocks of this process had it then. */
export type ClockSample = { databaseMs: number; systemMs: number; monotonicMs: number; uncertaintyMs: number }

export type CorrectedClock = Clock & {
  /** From now on the time of the sample's Postgres goes on here. */
  correct(sample: ClockSample): void
  /** Whether the system clock was put forward or back since the last correction. */
  hasStepped(): boolean
}

type Sources = { systemMs: () => number; monotonicMs: () => number }

/** Less than this is what a clock that is disciplined by NTP may do in a minute. */
const stepMs = 500

/**
 * The clock of Postgres, which all processes share, going on by the monotonic clock of this one: a system clock that is
 * wrong, or put right under way, changes nothing. Before the first correction it is the system clock.
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
