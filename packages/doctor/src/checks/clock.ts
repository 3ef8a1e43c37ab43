import { createCorrectedClock, measureClock } from '@muster/db'
import { clockLimits, isClockBeyond } from '@muster/telemetry'
import { durationText } from '@muster/text'
import type { Notes } from '../finding.ts'
import type { Tools } from '../tools.ts'

/** Measures the clock of this machine against that of Postgres. */
export async function checkClock({ postgres }: Tools, notes: Notes): Promise<void> {
  const measured = await measureClock(await postgres(), createCorrectedClock())
  const offsetMs = Math.round(measured.offsetMs)
  notes.fact(`The clock is ${offsetMs} ms from that of Postgres, measured to ${measured.uncertaintyMs.toFixed(1)} ms.`)
  if (!isClockBeyond(measured, clockLimits.warnMs)) return
  const isFar = isClockBeyond(measured, clockLimits.readyMs)
  notes.find({
    id: 'clock',
    severity: isFar ? 'error' : 'warning',
    what: `The clock of this machine is ${durationText(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead of' : 'behind'} that of Postgres${isFar ? ', so that no process here becomes ready' : ''}.`,
    remedy: 'Synchronise the clocks of both machines (NTP: chrony or systemd-timesyncd).',
  })
}
