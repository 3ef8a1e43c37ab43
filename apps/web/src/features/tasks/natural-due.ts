import { addDays, type Day, dayOf, instantOf } from '../../lib/dates.ts'

export type NaturalDue = {
  /** The text without the words about the due date. */
  title: string
  due: Date
  /** The words that were understood. */
  words: string
}

const before = '(?<![\\p{L}\\p{M}\\p{N}])'
const after = '(?![\\p{L}\\p{M}\\p{N}])'

const weekdays: Record<string, number> = {
  ...{ monday: 1, tuesday: 2, wednesday: 3, thursday: 4, friday: 5, saturday: 6, sunday: 7 },
  ...{ mon: 1, tue: 2, tues: 2, wed: 3, thu: 4, thur: 4, thurs: 4, fri: 5, sat: 6, sun: 7 },
  ...{ सोमवार: 1, मंगलवार: 2, बुधवार: 3, गुरुवार: 4, बृहस्पतिवार: 4, वीरवार: 4, शुक्रवार: 5, शनिवार: 6, रविवार: 7, इतवार: 7 },
}
const months: Record<string, number> = {}
for (const [index, names] of [
  'january jan जनवरी',
  'february feb फ़रवरी फरवरी',
  'march mar मार्च',
  'april apr अप्रैल',
  'may मई',
  'june jun जून',
  'july jul जुलाई',
  'august aug अगस्त',
  'september sept sep सितंबर सितम्बर',
  'october oct अक्टूबर अक्तूबर',
  'november nov नवंबर नवम्बर',
  'december dec दिसंबर दिसम्बर',
].entries())
  for (const name of names.normalize('NFC').split(' ')) months[name] = index + 1

const days: Record<string, number> = {
  ...{ today: 0, tonight: 0, tomorrow: 1, tmrw: 1, tmr: 1, 'day after tomorrow': 2 },
  ...{ आज: 0, कल: 1, परसों: 2 },
}
const namesOf = (record: Record<string, unknown>) =>
  Object.keys(record)
    .toSorted((one, other) => other.length - one.length)
    .map((name) => name.normalize('NFC').replace(/\s+/g, '\\s+'))
    .join('|')

const unitNames = 'minutes?|mins?|hours?|hrs?|days?|weeks?|मिनट|घंटे|घंटा|दिन|हफ़्ते|हफ़्ता|हफ्ते|हफ्ता|सप्ताह'.normalize('NFC')
const dayPattern = [
  `(?<iso>\\d{4}-\\d{2}-\\d{2})`,
  `(?:in\\s+)(?<inCount>\\d{1,3})\\s*(?<inUnit>${unitNames})`,
  `(?<hiCount>\\d{1,3})\\s*(?<hiUnit>${unitNames})\\s+(?:में|बाद)`,
  `(?<nextWeek>next\\s+week|अगले\\s+(?:हफ़्ते|हफ्ते|सप्ताह))`.normalize('NFC'),
  `(?<dayFirst>\\d{1,2})(?:st|nd|rd|th)?\\s+(?<monthSecond>${namesOf(months)})`,
  `(?<monthFirst>${namesOf(months)})\\s+(?<daySecond>\\d{1,2})(?:st|nd|rd|th)?`,
  `(?<named>${namesOf(days)})`,
  `(?:(?:on|next|इस|अगले)\\s+)?(?<weekday>${namesOf(weekdays)})(?:\\s+को)?`,
].join('|')
const timePattern = [
  `(?:at\\s+)?(?<hour12>\\d{1,2})(?:[:.](?<minute12>\\d{2}))?\\s*(?<half>am|pm|a\\.m\\.|p\\.m\\.)`,
  `(?:at\\s+)?(?<hour24>\\d{1,2}):(?<minute24>\\d{2})`,
  `at\\s+(?<hourAt>\\d{1,2})`,
  `(?<word>noon|midnight)`,
  `(?:(?<part>सुबह|दोपहर|शाम|रात)\\s+)?(?:(?<fraction>साढ़े|सवा|पौने)\\s+)?(?<hourHi>\\d{1,2})(?::(?<minuteHi>\\d{2}))?\\s*बजे`.normalize(
    'NFC',
  ),
].join('|')

/** Makes an expression of which each group has a name of its own. */
const expression = (pattern: string) => new RegExp(`${before}(?:${pattern})${after}`, 'iu')
const dayExpression = expression(dayPattern)
const timeExpression = expression(timePattern)

type Groups = Record<string, string | undefined>
type Time = { hour: number; minute: number }

function timeFrom(groups: Groups): Time | null {
  const { hour12, minute12, half, hour24, minute24, hourAt, word, part, fraction, hourHi, minuteHi } = groups
  if (word) return { hour: word.toLowerCase() === 'noon' ? 12 : 0, minute: 0 }
  if (hour12) {
    const hour = Number(hour12)
    if (hour < 1 || hour > 12) return null
    return valid((hour % 12) + (half?.toLowerCase().startsWith('p') ? 12 : 0), Number(minute12 ?? 0))
  }
  if (hour24) return valid(Number(hour24), Number(minute24))
  if (hourAt) return valid(waking(Number(hourAt)), 0)
  const hour = hindiHour(Number(hourHi), part)
  const minutes = hour * 60 + Number(minuteHi ?? 0) + fractionMinutes(fraction)
  return valid(Math.floor(minutes / 60), minutes % 60)
}

const fractionMinutes = (fraction: string | undefined) =>
  fraction === undefined ? 0 : fraction === 'सवा' ? 15 : fraction === 'पौने' ? -15 : 30
/** An hour without its half of the day is one at which people are awake: 1 to 6 are in the afternoon. */
const waking = (hour: number) => (hour >= 1 && hour <= 6 ? hour + 12 : hour)
function hindiHour(hour: number, part: string | undefined): number {
  if (part === undefined) return waking(hour)
  if (part === 'सुबह') return hour % 12
  if (part === 'रात') return hour === 12 ? 0 : hour < 5 ? hour : hour < 12 ? hour + 12 : hour
  return hour < 12 ? hour + 12 : hour
}
const valid = (hour: number, minute: number): Time | null =>
  hour >= 0 && hour < 24 && minute >= 0 && minute < 60 ? { hour, minute } : null

function nextDate(month: number, dayOfMonth: number, today: Day): Day | null {
  for (const year of [Number(today.slice(0, 4)), Number(today.slice(0, 4)) + 1]) {
    const day = `${year}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`
    if (isDay(day) && day >= today) return day
  }
  return null
}

function isDay(day: Day): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}

const weekdayOf = (day: Day) => new Date(`${day}T00:00:00Z`).getUTCDay() || 7
const minuteUnit = /^(min|मिनट)/u
const hourUnit = /^(h|घंट)/u
const weekUnit = /^(week|हफ़्त|हफ्त|सप्ताह)/u

/** Returns the day that the words name, or the exact instant for hours and minutes. */
function dayFrom(groups: Groups, today: Day, now: Date): { day: Day } | { instant: Date } | null {
  const { iso, nextWeek, dayFirst, monthSecond, monthFirst, daySecond, named, weekday } = groups
  const count = groups.inCount ?? groups.hiCount
  const unit = (groups.inUnit ?? groups.hiUnit)?.toLowerCase()
  if (iso) return isDay(iso) ? { day: iso } : null
  if (count && unit) {
    if (minuteUnit.test(unit)) return { instant: new Date(now.getTime() + Number(count) * 60_000) }
    if (hourUnit.test(unit)) return { instant: new Date(now.getTime() + Number(count) * 3_600_000) }
    return { day: addDays(today, Number(count) * (weekUnit.test(unit.normalize('NFC')) ? 7 : 1)) }
  }
  if (nextWeek) return { day: addDays(today, 8 - weekdayOf(today)) }
  const month = months[(monthSecond ?? monthFirst ?? '').toLowerCase()]
  if (month) {
    const day = nextDate(month, Number(dayFirst ?? daySecond), today)
    return day === null ? null : { day }
  }
  if (named) return { day: addDays(today, days[named.toLowerCase().replace(/\s+/g, ' ')] ?? 0) }
  const wanted = weekdays[weekday?.toLowerCase() ?? '']
  return wanted ? { day: addDays(today, (wanted - weekdayOf(today) + 7) % 7 || 7) } : null
}

/** Writes the digits of Devanagari as those of ASCII, which have the same length. */
const withAsciiDigits = (text: string) => text.replace(/[०-९]/g, (digit) => String(digit.charCodeAt(0) - 0x0966))

const morning: Time = { hour: 9, minute: 0 }
const evening: Time = { hour: 18, minute: 0 }
const night: Time = { hour: 20, minute: 0 }
const two = (value: number) => String(value).padStart(2, '0')

/**
 * Finds the words about a due date in a text of English or Hindi, such as `tomorrow 9am`, `fri` or `कल 9 बजे`. A day without a time means
 * 9 in the morning, today 18:00; a time without a day means its next occurrence. Null when there are none, or when they lie in the past.
 */
export function parseDue(text: string, { now, timeZone }: { now: Date; timeZone: string }): NaturalDue | null {
  const written = withAsciiDigits(text.normalize('NFC'))
  const timeMatch = timeExpression.exec(written)
  const withoutTime = timeMatch ? blank(written, timeMatch) : written
  const dayMatch = dayExpression.exec(withoutTime)
  const time = timeMatch ? timeFrom(timeMatch.groups as Groups) : null
  if (!dayMatch && !time) return null
  const today = dayOf(now, timeZone)
  const found = dayMatch ? dayFrom(dayMatch.groups as Groups, today, now) : { day: today }
  if (!found) return null
  const due = 'instant' in found ? found.instant : instantFor(found.day)
  if (!due || due <= now) return null
  const spans = [dayMatch, time && timeMatch].filter((match) => match !== null)
  const title = spans.reduce(blank, written).replace(/\s+/g, ' ').trim()
  const words = spans
    .toSorted((one, other) => one.index - other.index)
    .map(([match]) => match)
    .join(' ')
  return { title: title.replace(/\s+(?:at|on|by|due|को|तक)$/iu, ''), due, words }

  function instantFor(day: Day): Date {
    const isTonight = dayMatch?.[0].toLowerCase() === 'tonight'
    const preset = isTonight ? night : day === today ? evening : morning
    const { hour, minute } = time ?? preset
    const instant = instantOf(day, `${two(hour)}:${two(minute)}`, timeZone)
    if (instant > now || day !== today) return instant
    if (time && !dayMatch) return instantOf(addDays(day, 1), `${two(hour)}:${two(minute)}`, timeZone)
    return time ? instant : instantOf(day, '23:59', timeZone)
  }
}

/** Returns the due date of a text that has none but means today, by the same rule; its words are empty. Null in the last minute of the day. */
export function dueToday(text: string, context: { now: Date; timeZone: string }): NaturalDue | null {
  const found = parseDue('today', context)
  return found && { ...found, title: text, words: '' }
}

const blank = (text: string, match: RegExpExecArray): string =>
  text.slice(0, match.index) + ' '.repeat(match[0].length) + text.slice(match.index + match[0].length)
