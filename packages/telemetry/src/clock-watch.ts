import type { Logger } from '@muster/logger'
import { Gauge, registry } from './registry.ts'

/** The offset of the system clock from that of Postgres: positive when it is fast, exact to within `uncertaintyMs`. */
export type ClockOffset = { offsetMs: number; uncertaintyMs: number }

export type ClockState = { status: 'up' | 'off' | 'unknown'; offsetMs: number }

export type ClockWatch = {
  /** Measures the offset. When that fails, the last measurement stays. */
  measure(): Promise<void>
  state(): ClockState
  /** Tests whether the clock is close enough to that of Postgres for the process to be ready. */
  isNear(): boolean
}

/** `warnMs`: beyond it, the offset is logged. `readyMs`: beyond it, a process is not ready. */
export const clockLimits = { warnMs: 2_000, readyMs: 30_000 } as const

/** Tests whether the clock is further off than a limit. A slow measurement is uncertain: only what exceeds its uncertainty counts. */
export const isClockBeyond = ({ offsetMs, uncertaintyMs }: ClockOffset, limitMs: number): boolean =>
  Math.abs(offsetMs) - uncertaintyMs > limitMs

const offsetSeconds = new Gauge({
  name: 'muster_clock_offset_seconds',
  help: 'How far the system clock of this process is ahead of the clock of Postgres.',
  registers: [registry],
})

/** Watches the offset of the system clock: exposes it as a metric and for health checks, and logs each change of state once. */
export function watchClock({ measure, log }: { measure: () => Promise<ClockOffset>; log: Logger }): ClockWatch {
  let last: ClockOffset | undefined
  let logged: 'near' | 'off' | 'far' = 'near'

  const isBeyond = (limitMs: number) => last !== undefined && isClockBeyond(last, limitMs)

  const logChange = () => {
    const now = isBeyond(clockLimits.readyMs) ? 'far' : isBeyond(clockLimits.warnMs) ? 'off' : 'near'
    if (now === logged || !last) return
    logged = now
    const fields = { component: 'clock', dependency: 'clock', offsetMs: Math.round(last.offsetMs) }
    if (now === 'near') log.info(fields, 'system clock agrees with postgres again')
    else
      log.warn(
        fields,
        now === 'far'
          ? 'system clock differs from postgres, process is not ready; synchronise the clock of this host'
          : 'system clock differs from postgres; synchronise the clock of this host',
      )
  }

  return {
    async measure() {
      try {
        last = await measure()
      } catch {
        // The watch of Postgres logs that it is unavailable.
        return
      }
      offsetSeconds.set(last.offsetMs / 1_000)
      logChange()
    },
    state: () => ({
      status: last === undefined ? 'unknown' : isBeyond(clockLimits.warnMs) ? 'off' : 'up',
      offsetMs: Math.round(last?.offsetMs ?? 0),
    }),
    isNear: () => !isBeyond(clockLimits.readyMs),
  }
}
