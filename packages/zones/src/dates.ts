import { zoneOrUtc } from './canonical-zone.ts'

/** Returns the local date in a zone at an instant. */
export const dateIn = (timezone: string, at: Date): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zoneOrUtc(timezone)).toPlainDate()

/** Returns the instant at which a local date begins: the earlier of two midnights, or the end of the gap for a skipped one. */
export const startOfDate = (date: Temporal.PlainDate, timezone: string): Date =>
  new Date(date.toZonedDateTime(zoneOrUtc(timezone)).epochMilliseconds)
