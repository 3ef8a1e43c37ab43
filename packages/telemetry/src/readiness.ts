import type { ClockWatch } from './clock-watch.ts'
import type { Dependency } from './dependency.ts'
import { Gauge, registry } from './registry.ts'

export type ReadinessOptions = {
  /** The dependencies without which the process is not ready. */
  needed: readonly Dependency[]
  /** Dependencies that are checked and reported but do not affect readiness. */
  useful?: readonly Dependency[]
  clock: ClockWatch
  /** Tells whether the system clock was set forward or back since the last measurement. */
  hasClockStepped: () => boolean
}

export type Readiness = {
  /** Lists the reasons why the process is not ready, as `<dependency> <reason>`; empty when it is ready. */
  obstacles(): Promise<readonly string[]>
  close(): void
}

const readyGauge = new Gauge({
  name: 'muster_ready',
  help: 'Whether this process can do its work: 1 or 0, as `/readyz` says before the process stops.',
  registers: [registry],
})

const checkIntervalMs = 2_000
const clockIntervalMs = 60_000

/**
 * Checks dependencies every two seconds and the clock every minute, so that log and metrics show changes between health
 * checks. Resolves when each was checked once.
 */
export async function watchReadiness(options: ReadinessOptions): Promise<Readiness> {
  const { needed, useful = [], clock, hasClockStepped } = options
  let measuredAtMs = performance.now()
  const obstacles = async () => {
    const states = await Promise.all(needed.map(async ({ name, check }) => ({ name, ...(await check()) })))
    const down = states.filter(({ status }) => status === 'down').map(({ name, reason }) => `${name} ${reason}`)
    const found = clock.isNear() ? down : [...down, `clock ${clock.state().offsetMs} ms off`]
    readyGauge.set(found.length === 0 ? 1 : 0)
    return found
  }
  const look = () => {
    void obstacles()
    for (const dependency of useful) void dependency.check()
    if (performance.now() - measuredAtMs < clockIntervalMs && !hasClockStepped()) return
    measuredAtMs = performance.now()
    void clock.measure()
  }
  await Promise.all([clock.measure(), obstacles(), ...useful.map((dependency) => dependency.check())])
  const timer = setInterval(look, checkIntervalMs).unref()
  return {
    obstacles,
    close: () => clearInterval(timer),
  }
}
