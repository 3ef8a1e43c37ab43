import { expect, test } from 'vitest'
import { digestTimeOf, planDigests } from './digest-times.ts'

const minuteMs = 60_000
const dayMs = 1_440 * minuteMs
const aroundMs = 3 * dayMs
/** Three years, and the periods in which zones moved across the date line. */
const years = [
  ['2025-01-01T00:00Z', '2028-01-01T00:00Z'],
  ['2011-12-01T00:00Z', '2012-01-31T00:00Z'],
  ['1993-08-01T00:00Z', '1993-09-01T00:00Z'],
] as const

/** All moments at which a zone's clocks change. */
function transitionsOf(timezone: string): number[] {
  return years.flatMap(([from, to]) => {
    const found: number[] = []
    const end = Temporal.Instant.from(to).epochMilliseconds
    let at = Temporal.Instant.from(from).toZonedDateTimeISO(timezone).getTimeZoneTransition('next')
    for (; at && at.epochMilliseconds < end; at = at.getTimeZoneTransition('next')) found.push(at.epochMilliseconds)
    return found
  })
}

/** The local dates between two moments, sampled every quarter of an hour. */
function localDates(timezone: string, fromMs: number, toMs: number): Set<string> {
  const zone = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' })
  const dates = new Set<string>()
  for (let ms = fromMs; ms < toMs; ms += 15 * minuteMs) dates.add(zone.format(ms))
  return dates
}

/** The digests that a worker sends when it plans every `tickMs`. */
function plannedDigests(timezone: string, fromMs: number, toMs: number, tickMs: number) {
  const digests: { localDate: string; at: Date }[] = []
  let since = new Date(fromMs)
  for (let ms = fromMs; ms <= toMs; ms += tickMs) {
    if (ms < since.getTime()) continue
    const { due, missed, next } = planDigests({ since, timezone }, new Date(ms))
    expect(missed).toEqual([])
    expect(next.getTime()).toBeGreaterThan(ms)
    if (due) digests.push(due)
    since = next
  }
  return digests
}

const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'Etc/GMT+12', 'Etc/GMT-14']

test('around each clock change of each zone, each local date has one digest at 05:00 or right after', () => {
  let windows = 0
  for (const timezone of zones) {
    for (const transition of transitionsOf(timezone)) {
      const [fromMs, toMs] = [transition - aroundMs, transition + aroundMs]
      const digests = plannedDigests(timezone, fromMs, toMs, 7 * minuteMs)
      const dates = digests.map(({ localDate }) => localDate)
      const seen = [...localDates(timezone, fromMs, toMs)].sort()
      expect([timezone, new Set(dates).size]).toEqual([timezone, dates.length])
      // The first date may have had its digest before the window, the last one not yet.
      expect([timezone, dates]).toEqual([timezone, seen.filter((date) => isWithin(date, timezone, fromMs, toMs))])
      for (const { at } of digests)
        expect([timezone, wallClock(at, timezone)]).toEqual([timezone, firstFromFive(at, timezone)])
      windows += 1
    }
  }
  expect(windows).toBeGreaterThan(500)
})

const wallClock = (at: Date, timezone: string) =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone).toPlainTime().toString()

/** 05:00, or on a day without it the time that the clock shows when it would have been. */
function firstFromFive(at: Date, timezone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone)
  const five = zoned.toPlainDate().toPlainDateTime('05:00')
  const skipped = five.toZonedDateTime(timezone, { disambiguation: 'later' })
  return skipped.toPlainDateTime().equals(five) ? '05:00:00' : skipped.toPlainTime().toString()
}

function isWithin(date: string, timezone: string, fromMs: number, toMs: number): boolean {
  const at = digestTimeOf(date, timezone)?.getTime()
  return at !== undefined && at >= fromMs && at <= toMs
}

test('a digest is at the first of two 05:00, and later on a day without 05:00', () => {
  // Two hours forward at 01:00, and back at 03:00: 05:00 exists once.
  expect(digestTimeOf('2026-03-29', 'Antarctica/Troll')).toEqual(new Date('2026-03-29T03:00:00Z'))
  expect(digestTimeOf('2026-10-25', 'Antarctica/Troll')).toEqual(new Date('2026-10-25T05:00:00Z'))
  // Three hours forward at 02:00, so that 05:00 follows 01:59; and back at 02:00 of another day.
  expect(digestTimeOf('2009-10-18', 'Antarctica/Casey')).toEqual(new Date('2009-10-17T18:00:00Z'))
})

test('a date that a zone skipped has no digest, and its neighbours have theirs', () => {
  expect(digestTimeOf('2011-12-30', 'Pacific/Apia')).toBeUndefined()
  const { next } = planDigests(
    { since: new Date('2011-12-29T15:00:00Z'), timezone: 'Pacific/Apia' },
    new Date('2011-12-29T15:00:00Z'),
  )
  expect(next).toEqual(new Date('2011-12-30T15:00:00Z'))
  expect(digestTimeOf('1993-08-21', 'Pacific/Kwajalein')).toBeUndefined()
})

test('after downtime only the newest digest is due, at most twelve hours late', () => {
  const timezone = 'Europe/Vienna'
  const since = new Date('2026-11-18T04:00:00Z')
  const dates = (digests: { localDate: string }[]) => digests.map(({ localDate }) => localDate)
  const morning = planDigests({ since, timezone }, new Date('2026-11-21T09:00:00Z'))
  expect(morning.due?.localDate).toBe('2026-11-21')
  expect(dates(morning.missed)).toEqual(['2026-11-20', '2026-11-19', '2026-11-18'])
  const evening = planDigests({ since, timezone }, new Date('2026-11-21T16:00:00.001Z'))
  expect(evening.due).toBeUndefined()
  expect(dates(evening.missed)).toEqual(['2026-11-21', '2026-11-20', '2026-11-19', '2026-11-18'])
  expect(evening.next).toEqual(new Date('2026-11-22T04:00:00Z'))
  expect(planDigests({ since: new Date('2020-01-01T00:00:00Z'), timezone }, since).missed.length).toBeLessThan(32)
})

test('an unknown zone counts as UTC', () => {
  expect(digestTimeOf('2026-11-21', 'Mars/Base')).toEqual(new Date('2026-11-21T05:00:00Z'))
})
