import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endOfHours } from './index.ts'

const night = { from: '22:00', to: '07:00' }
const end = (hours: { from: string; to: string }, zone: string, at: string) =>
  endOfHours(hours, zone, new Date(at))?.toISOString() ?? null

test.each([
  ['before they begin', night, 'Europe/Vienna', '2026-06-10T19:59:59.999Z', null],
  ['at their first moment', night, 'Europe/Vienna', '2026-06-10T20:00:00Z', '2026-06-11T05:00:00.000Z'],
  ['after midnight', night, 'Europe/Vienna', '2026-06-11T04:59:59.999Z', '2026-06-11T05:00:00.000Z'],
  ['at their end', night, 'Europe/Vienna', '2026-06-11T05:00:00Z', null],
  ['within a day', { from: '12:00', to: '13:30' }, 'Asia/Kolkata', '2026-06-11T07:00:00Z', '2026-06-11T08:00:00.000Z'],
  ['in a zone that is not known', night, 'Mars/Base', '2026-06-11T23:00:00Z', '2026-06-12T07:00:00.000Z'],
  ['in a night of 8 hours', night, 'Europe/Vienna', '2026-03-28T21:00:00Z', '2026-03-29T05:00:00.000Z'],
  ['in a night of 10 hours', night, 'Europe/Vienna', '2026-10-24T20:00:00Z', '2026-10-25T06:00:00.000Z'],
  [
    'that end in an hour that is skipped',
    { from: '22:00', to: '02:30' },
    'Europe/Vienna',
    '2026-03-29T00:59:00Z',
    '2026-03-29T01:00:00.000Z',
  ],
  [
    'that begin in an hour that is skipped',
    { from: '02:30', to: '05:00' },
    'Europe/Vienna',
    '2026-03-29T01:00:00Z',
    '2026-03-29T03:00:00.000Z',
  ],
  [
    'that end in an hour that comes twice',
    { from: '22:00', to: '02:30' },
    'Europe/Vienna',
    '2026-10-25T00:45:00Z',
    '2026-10-25T01:30:00.000Z',
  ],
  [
    'that begin in an hour that comes twice',
    { from: '02:30', to: '05:00' },
    'Europe/Vienna',
    '2026-10-25T00:30:00Z',
    '2026-10-25T04:00:00.000Z',
  ],
  [
    'that last all day but a minute',
    { from: '02:01', to: '02:00' },
    'Europe/Vienna',
    '2026-10-25T00:30:00Z',
    '2026-10-26T01:00:00.000Z',
  ],
] as const)('daily hours %s', (_what, hours, zone, at, expected) => {
  expect(end(hours, zone, at)).toBe(expected)
})

test('whenever a clock of any zone shows a time of the hours, they last, and they are over at their end', () => {
  const zone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  const minute = fc.integer({ min: 0, max: 1_439 })
  const clock = (minutes: number) => new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60)
  // Around a change of the clocks, or at any other time of a year.
  const instant = fc.tuple(
    fc.boolean(),
    fc.integer({ min: 0, max: 366 * 1_440 }),
    fc.integer({ min: -2_000, max: 2_000 }),
  )
  fc.assert(
    fc.property(zone, minute, minute, instant, (timezone, from, to, [isNearChange, day, offset]) => {
      fc.pre(from !== to)
      const some = Temporal.Instant.from('2026-01-01T00:00Z').add({ minutes: day }).toZonedDateTimeISO(timezone)
      const change = isNearChange ? some.getTimeZoneTransition('previous') : null
      const local = (change ?? some).add({ minutes: offset })
      const hours = { from: clock(from).toString().slice(0, 5), to: clock(to).toString().slice(0, 5) }
      const at = new Date(local.epochMilliseconds)
      const until = endOfHours(hours, timezone, at)
      const shown = local.hour * 60 + local.minute
      const isShown = from < to ? from <= shown && shown < to : shown >= from || shown < to
      if (isShown) expect(until?.getTime()).toBeGreaterThan(at.getTime())
      if (!until) return
      expect(endOfHours(hours, timezone, until)).toBeUndefined()
      expect(endOfHours(hours, timezone, new Date(until.getTime() - 1))).toEqual(until)
    }),
    { numRuns: 500 },
  )
})
