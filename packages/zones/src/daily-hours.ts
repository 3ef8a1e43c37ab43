import { zoneOrUtc } from './canonical-zone.ts'
import { dateIn } from './dates.ts'

/** Hours of each day by local times like `22:00`. They pass midnight when they end earlier than they begin. */
export type DailyHours = { from: string; to: string }

/**
 * Computes when the daily hours end in which an instant lies; undefined outside of them. Where clocks are set back over a time, the
 * hours begin at its first and end at its last occurrence; a time over which clocks are set forward is the moment of that change.
 */
export function endOfHours({ from, to }: DailyHours, timezone: string, at: Date): Date | undefined {
  const today = dateIn(timezone, at)
  let until = at
  // Those that began yesterday may last until today, and in a night in which clocks are set back even until the next ones begin.
  for (const date of [today.subtract({ days: 1 }), today, today.add({ days: 1 })]) {
    const begin = instantOf(date.toPlainDateTime(from), timezone, 'earlier')
    const end = instantOf((to > from ? date : date.add({ days: 1 })).toPlainDateTime(to), timezone, 'later')
    if (begin <= until && until < end) until = end
  }
  return until > at ? until : undefined
}

function instantOf(time: Temporal.PlainDateTime, timezone: string, occurrence: 'earlier' | 'later'): Date {
  const found = time.toZonedDateTime(zoneOrUtc(timezone), { disambiguation: occurrence })
  const isSkipped = !found.toPlainDateTime().equals(time)
  const moment = isSkipped ? time.toZonedDateTime(zoneOrUtc(timezone), { disambiguation: 'earlier' }) : found
  return new Date(((isSkipped && moment.getTimeZoneTransition('next')) || moment).epochMilliseconds)
}
