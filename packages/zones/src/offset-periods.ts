import { zoneOrUtc } from './canonical-zone.ts'

/** A period with a constant offset from UTC. It lasts until the next one begins. */
export type OffsetPeriod = { startsAt: Date; offsetSeconds: number }

const beginning = new Date(0)
const aheadMs = 366 * 86_400_000
const maxKept = 1_000
const kept = new Map<string, { periods: OffsetPeriod[]; untilMs: number }>()

/**
 * Lists the offsets of a zone from 1970 until an instant, oldest first, so that SQL can compute local dates without time zone data
 * of its own. The first offset also applies to earlier instants.
 */
export function offsetPeriods(timezone: string, until: Date): readonly OffsetPeriod[] {
  const zone = zoneOrUtc(timezone)
  const before = kept.get(zone)
  if (before && until.getTime() <= before.untilMs) return before.periods
  const untilMs = until.getTime() + aheadMs
  const periods = readPeriods(zone, untilMs)
  if (kept.size < maxKept) kept.set(zone, { periods, untilMs })
  return periods
}

function readPeriods(zone: string, untilMs: number): OffsetPeriod[] {
  const periods: OffsetPeriod[] = []
  let at: Temporal.ZonedDateTime | null = new Temporal.ZonedDateTime(BigInt(beginning.getTime()), zone)
  for (; at && at.epochMilliseconds <= untilMs; at = at.getTimeZoneTransition('next')) {
    periods.push({ startsAt: new Date(at.epochMilliseconds), offsetSeconds: at.offsetNanoseconds / 1_000_000_000 })
  }
  return periods
}
