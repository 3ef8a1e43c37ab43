import type { ClockWatch } from './clock-watch.ts'
import type { Dependency } from './dependency.ts'

export type ReadinessOptions = {
  /** Without each of them the process can't do its work. */
  needed: readonly Dependency[]
  /** It works without them, and they are watched all the same. */
  useful?: readonly Dependency[]
  clock: ClockWatch
  /** Whether the system clock was put forward or back since it was measured last. */
  hasClockStepped: () => boolean
}

export type Readiness = {
  /** What keeps the process from its work now, as `<dependency> <reason>`; empty when it is ready. */
  obstacles(): Promise<readonly string[]>
  close(): void
}

const checkIntervalMs = 2_000
const clockIntervalMs = 60_000

/**
 * Checks dependencies every two seconds and the clock every minute, so that log and metrics tell a change that nobody asks
 * about. Resolves when each was checked once.
 */
export async function watchReadiness(options: ReadinessOptions): Promise<Readiness> {
  const { needed, useful = [], clock, hasClockStepped } = options
  let measuredAtMs = performance.now()
  const look = () => {
    for (const dependency of [...needed, ...useful]) void dependency.check()
    if (performance.now() - measuredAtMs < clockIntervalMs && !hasClockStepped()) return
    measuredAtMs = performance.now()
    void clock.measure()
  }
  await Promise.all([clock.measure(), ...[...needed, ...useful].map((dependency) => dependency.check())])
  const timer = setInterval(look, checkIntervalMs).unref()
  return {
    async obstacles() {
      const states = await Promise.all(needed.map(async ({ name, check }) => ({ name, ...(await check()) })))
      const down = states.filter(({ status }) => status === 'down').map(({ name, reason }) => `${name} ${reason}`)
      return clock.isNear() ? down : [...down, `clock ${clock.state().offsetMs} ms off`]
    },
    close: () => clearInterval(timer),
  }
}
