import type { Logger } from '@muster/logger'
import { Gauge, registry } from './registry.ts'

/** The system clock against that of Postgres: positive when it is fast. The truth is within `uncertaintyMs` of it. */
export type ClockOffset = { offsetMs: number; uncertaintyMs: number }

export type ClockState = { status: 'up' | 'off' | 'unknown'; offsetMs: number }

export type ClockWatch = {
  /** Measures now; a failure leaves what was known. */
  measure(): Promise<void>
  state(): ClockState
  /** Whether the clock is near enough to that of Postgres for the process to be ready. */
  isNear(): boolean
}

/** From here on it is told. */
const toldAboveMs = 2_000
/** From here on the process is not ready. */
const readyBelowMs = 30_000

const offsetSeconds = new Gauge({
  name: 'muster_clock_offset_seconds',
  help: 'How far the system clock of this process is ahead of the clock of Postgres.',
  registers: [registry],
})

/** Keeps what the measurements of the system clock say: as a metric, for health, and in the log once per change. */
export function watchClock({ measure, log }: { measure: () => Promise<ClockOffset>; log: Logger }): ClockWatch {
  let last: ClockOffset | undefined
  let told: 'near' | 'off' | 'far' = 'near'

  // A slow answer proves nothing: only what is beyond its uncertainty counts.
  const isBeyond = (limitMs: number) => last !== undefined && Math.abs(last.offsetMs) - last.uncertaintyMs > limitMs

  const tell = () => {
    const now = isBeyond(readyBelowMs) ? 'far' : isBeyond(toldAboveMs) ? 'off' : 'near'
    if (now === told || !last) return
    told = now
    const fields = { dependency: 'clock', offsetMs: Math.round(last.offsetMs) }
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
        // That Postgres is away is told by its own watch.
        return
      }
      offsetSeconds.set(last.offsetMs / 1_000)
      tell()
    },
    state: () => ({
      status: last === undefined ? 'unknown' : isBeyond(toldAboveMs) ? 'off' : 'up',
      offsetMs: Math.round(last?.offsetMs ?? 0),
    }),
    isNear: () => !isBeyond(readyBelowMs),
  }
}
