import { type Fault, faultOf } from '@muster/errors'
import { exampleInstant as example, exampleDate } from './errors/details-of-issues.ts'

/** The first and the last millisecond that the API takes. */
const range = { min: '1970-01-01T00:00:00.000Z', max: '9999-12-31T23:59:59.999Z' }

/**
 * RFC 3339, and what people and libraries write beside it: lower-case letters, a blank for `T`, no seconds, a comma before the
 * fraction, offsets without a colon or minutes. A `+` in a query that is not percent-encoded arrives as a blank, and
 * typesetting makes a minus of the hyphen.
 */
const parts =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt]| +)(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,30}))?)?(?<offset> ?[Zz]| ?[+\-\u2212]\d{2}(?::?\d{2})?| \d{2}:?\d{2})?$/
/** The form of `Date.prototype.toISOString`, which front ends send nearly always. */
const isoForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const dateOnly = /^\d{4}-\d{2}-\d{2}$/

/**
 * Reads an instant with any offset from UTC. Digits after the millisecond are cut off.
 * @returns it in UTC with milliseconds, or the fault
 */
export function readInstant(given: string): string | Fault {
  if (isoForm.test(given) && isWrittenByDate(given)) return given
  const found = parts.exec(given.trim())?.groups
  if (!found) return dateOnly.test(given.trim()) ? fault('noTime', 'has no time and no offset from UTC') : fault('form')
  const { date = '', hour = '', minute, second = '00', fraction = '0', offset } = found
  if (offset === undefined) return fault('noOffset', 'has no offset from UTC')
  if (!isDate(date)) return fault('noSuchDay', 'names a day that does not exist')
  if (Number(hour) > 23) return fault('noSuchTime', 'names an hour after 23; midnight is 00:00 of the next day')
  if (Number(minute) > 59) return fault('noSuchTime', 'names a minute after 59')
  if (Number(second) > 59) return fault('noSuchTime', 'names a second after 59, and there are no leap seconds here')
  if (/[6-9]\d$/.test(offset.slice(3))) return fault('noSuchOffset', 'has an offset with minutes after 59')
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const instant = toInstant(`${date}T${hour}:${minute}:${second}.${milliseconds}${plainOffset(offset)}`)
  if (!instant) return fault('noSuchOffset', 'has an offset of more than 23:59')
  return instant >= range.min && instant <= range.max ? instant : faultOf('OUT_OF_RANGE', range)
}

/** Reads a date without a time. @returns it as `YYYY-MM-DD`, or the fault */
export function readDate(given: string): string | Fault {
  const date = given.trim()
  const dateFault = (what?: string) =>
    faultOf('INVALID_DATE', { reason: what ? 'noSuchDay' : 'dateForm', example: exampleDate }, what)
  if (!dateOnly.test(date)) return dateFault()
  if (!isDate(date)) return dateFault(`names a day that does not exist; write it like ${exampleDate}`)
  const [min, max] = [range.min.slice(0, 10), range.max.slice(0, 10)]
  return date >= min ? date : faultOf('OUT_OF_RANGE', { min, max })
}

/** Tests whether a text is valid as it is. Texts in another form, and days that do not exist, are parsed in full. */
function isWrittenByDate(text: string): boolean {
  const instant = new Date(text)
  return text >= range.min && !Number.isNaN(instant.getTime()) && instant.toISOString() === text
}

const fault = (reason: string, what?: string): Fault =>
  faultOf('INVALID_DATE', { reason, example }, what && `${what}; write it like ${example}`)

const isDate = (date: string) => attempt(() => Temporal.PlainDate.from(date)) !== undefined

/** @returns the instant in UTC; undefined for an offset that Temporal refuses */
const toInstant = (text: string) => attempt(() => Temporal.Instant.from(text).toString({ fractionalSecondDigits: 3 }))

/** Writes an offset as RFC 3339 does: what is neither `Z` nor has a sign had a `+`. */
function plainOffset(offset: string): string {
  const trimmed = offset.trim().replace('\u2212', '-').toUpperCase()
  return /^\d/.test(trimmed) ? `+${trimmed}` : trimmed
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
