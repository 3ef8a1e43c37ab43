import { zoneOrUtc } from './canonical-zone.ts'

/** The date of the zone's calendar at a moment. */
export const dateIn = (timezone: string, at: Date): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zoneOrUtc(timezone)).toPlainDate()

/** When a date begins in the zone: the first of two midnights; after a skipped one, where the clock goes on. */
export const startOfDate = (date: Temporal.PlainDate, timezone: string): Date =>
  new Date(date.toZonedDateTime(zoneOrUtc(timezone)).epochMilliseconds)
