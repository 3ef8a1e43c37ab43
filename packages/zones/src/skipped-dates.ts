import type { OffsetPeriod } from './offset-periods.ts'

const dayMs = 86_400_000
const localMs = (at: number, { offsetSeconds }: OffsetPeriod) => at + offsetSeconds * 1_000

/**
 * Lists the local dates that a zone never had, because its clocks were set forward over them when it moved across the date line: in
 * Apia, 29 December 2011 was followed by the 31st.
 * @param periods the offsets of the zone, oldest first
 */
export function skippedDates(periods: readonly OffsetPeriod[]): Temporal.PlainDate[] {
  return periods.slice(1).flatMap((period, index) => {
    const change = period.startsAt.getTime()
    const lastDay = Math.floor(localMs(change - 1, periods[index] as OffsetPeriod) / dayMs)
    const nextDay = Math.floor(localMs(change, period) / dayMs)
    return Array.from({ length: Math.max(0, nextDay - lastDay - 1) }, (_, days) => dateOf(lastDay + 1 + days))
  })
}

const dateOf = (daysSince1970: number) => new Temporal.PlainDate(1970, 1, 1).add({ days: daysSince1970 })
