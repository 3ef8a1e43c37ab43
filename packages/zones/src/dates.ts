import { zoneOrUtc } from './canonical-zone.ts'

/** Returns the local date in a zone at an instant. */
export const dateIn = (timezone: string, at: Date): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zoneOrUtc(timezone)).toPlainDate()

/** Returns the instant at which a local date begins: the earlier of two midnights, or the end of the gap for a skipped one. */
export const startOfDate = (date: Temporal.PlainDate, timezone: string): Date =>
  new Date(date.toZonedDateTime(zoneOrUtc(timezone)).epochMilliseconds)

const formats = new Map<string, Intl.DateTimeFormat>()

/** Returns an instant as the text of notifications, `20 November 2026 at 14:30`, in a zone. */
export function dateTimeIn(timezone: string, at: Date): string {
  const timeZone = zoneOrUtc(timezone)
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone })
  // Making a format takes as long as a hundred uses of it.
  formats.set(timeZone, format)
  return format.format(at)
}
