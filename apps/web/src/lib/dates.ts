import { formatsOf } from './formats.ts'

/** A day of a calendar, such as `2026-11-27`, without a zone. */
export type Day = string

const formatOf = formatsOf((locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options))
const relativeFormatOf = formatsOf(
  (locale, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(locale, options),
)

type Instant = Date | string
const dateOf = (instant: Instant) => (typeof instant === 'string' ? new Date(instant) : instant)

/** Returns an instant as text in the language of the page. `options.timeZone` is the person's zone. */
export const formatInstant = (instant: Instant, options: Intl.DateTimeFormatOptions & { timeZone: string }): string =>
  formatOf(options).format(dateOf(instant))

/** Returns a day as text in the language of the page. */
export const formatDay = (day: Day, options: Intl.DateTimeFormatOptions): string =>
  formatOf({ ...options, timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))

/** Returns the time of day in a zone, in the habit of the language. */
export const formatTime = (instant: Instant, timeZone: string): string =>
  formatInstant(instant, { timeZone, hour: 'numeric', minute: '2-digit' })

type Parts = { year: number; month: number; day: number; hour: number; minute: number; second: number }

function partsIn(instant: Instant, timeZone: string): Parts {
  const format = formatOf(
    {
      timeZone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
    },
    'en-u-ca-iso8601-nu-latn',
  )
  const parts = format.formatToParts(dateOf(instant)).map(({ type, value }) => [type, Number(value)] as const)
  return Object.fromEntries(parts) as Parts
}

const two = (value: number) => String(value).padStart(2, '0')

/** Returns the day of an instant in a zone. */
export function dayOf(instant: Instant, timeZone: string): Day {
  const { year, month, day } = partsIn(instant, timeZone)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** Returns the time of day of an instant in a zone as `HH:MM`, for fields. */
export function timeOf(instant: Instant, timeZone: string): string {
  const { hour, minute } = partsIn(instant, timeZone)
  return `${two(hour)}:${two(minute)}`
}

/** Returns an instant in a zone as a day with a time, such as `2026-11-27T09:30`, for fields. */
export const wallTimeOf = (instant: Instant, timeZone: string): string =>
  `${dayOf(instant, timeZone)}T${timeOf(instant, timeZone)}`

/** Returns the day so many days later. */
export function addDays(day: Day, days: number): Day {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

/** Returns which day of the week a day is: 1 is Monday, 7 Sunday. */
export const weekdayOf = (day: Day): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7

/** Returns how many milliseconds a zone is ahead of UTC at an instant. */
function offsetMs(instant: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsIn(instant, timeZone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant.getTime() / 1_000) * 1_000
}

/**
 * Returns the instant of a local time (`HH:MM`) of a day in a zone. A time that a clock change skips becomes the one after the gap by the same
 * length; of a time that occurs twice, the first (as Temporal's `compatible` does).
 */
export function instantOf(day: Day, time: string, timeZone: string): Date {
  const localMs = Date.parse(`${day}T${time}:00Z`)
  const dayMs = 86_400_000
  const offsets = [offsetMs(new Date(localMs - dayMs), timeZone), offsetMs(new Date(localMs + dayMs), timeZone)]
  const fits = offsets
    .map((offset) => new Date(localMs - offset))
    .filter((instant) => offsetMs(instant, timeZone) === localMs - instant.getTime())
    .toSorted((one, other) => one.getTime() - other.getTime())
  return fits[0] ?? new Date(localMs - (offsets[0] as number))
}

/** Returns the first and the last instant of a day in a zone, for ranges that include both. */
export const rangeOf = (day: Day, timeZone: string): { from: Date; to: Date } => ({
  from: instantOf(day, '00:00', timeZone),
  to: new Date(instantOf(addDays(day, 1), '00:00', timeZone).getTime() - 1),
})

const units = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['week', 7 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** Returns how long ago, or in how long, an instant is: `3 minutes ago`. */
export function formatRelative(instant: Instant, now: Date = new Date()): string {
  const differenceMs = dateOf(instant).getTime() - now.getTime()
  const [unit, unitMs] = units.find(([, ms]) => Math.abs(differenceMs) >= ms) ?? (['second', 1_000] as const)
  return relativeFormatOf({ numeric: 'auto' }).format(Math.trunc(differenceMs / unitMs), unit)
}
