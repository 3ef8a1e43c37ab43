import { createLogger } from '@muster/logger'
import { createTestDatabase, insertUser } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonicalZone, dateIn, offsetPeriods, reportZones, startOfDate, zoneOrUtc } from './index.ts'

const regions = Intl.supportedValuesOf('timeZone')
const hourMs = 3_600_000

describe('names', () => {
  test('the canonical name of every zone of browsers is canonical itself and has the same clock', () => {
    for (const name of regions) {
      const canonical = canonicalZone(name) ?? ''
      expect(canonicalZone(canonical)).toBe(canonical)
      expect(canonicalZone(name.toUpperCase())).toBe(canonical)
      expect([name, new Temporal.ZonedDateTime(0n, name).equals(new Temporal.ZonedDateTime(0n, canonical))]).toEqual([
        name,
        true,
      ])
    }
  })

  test('no two zones get the same canonical name', () => {
    expect(new Set(regions.map(canonicalZone)).size).toBe(regions.length)
  })

  test('an old name, which some systems lack, is never canonical', () => {
    const old = ['Asia/Calcutta', 'Asia/Saigon', 'Europe/Kiev', 'America/Godthab', 'Pacific/Truk', 'Asia/Rangoon']
    const stored = new Set(regions.map(canonicalZone))
    expect(old.filter((name) => stored.has(name))).toEqual([])
  })

  test('a stored name is used as it is, or as UTC when this process does not know it', () => {
    expect(['CET', 'Asia/Calcutta', 'Mars/Base', '', '\u0000'].map(zoneOrUtc)).toEqual([
      'CET',
      'Asia/Calcutta',
      'UTC',
      'UTC',
      'UTC',
    ])
  })
})

describe('offsets', () => {
  test('give the local date at each hour around the changes of every zone', () => {
    const until = new Date('2027-06-01T00:00:00Z')
    for (const timezone of regions) {
      const periods = offsetPeriods(timezone, until)
      for (const { startsAt } of periods.slice(-6)) {
        for (let ms = startsAt.getTime() - 30 * hourMs; ms < startsAt.getTime() + 30 * hourMs; ms += hourMs) {
          const period = periods.findLast((each) => each.startsAt.getTime() <= ms) ?? periods[0]
          const date = new Date(ms + 1_000 * (period?.offsetSeconds ?? 0)).toISOString().slice(0, 10)
          expect([timezone, ms, date]).toEqual([timezone, ms, dateIn(timezone, new Date(ms)).toString()])
        }
      }
    }
  })

  test('reach beyond the requested instant', () => {
    for (const year of [2026, 2040, 2030]) {
      const until = new Date(Date.UTC(year, 6))
      const last = offsetPeriods('Europe/Berlin', until).findLast(({ startsAt }) => startsAt <= until)
      expect(last?.startsAt.getUTCFullYear()).toBe(year)
    }
  })
})

test('a date begins at the earlier of two midnights, and after the gap of a skipped one', () => {
  const start = (date: string, timezone: string) => startOfDate(Temporal.PlainDate.from(date), timezone).toISOString()
  expect(start('2026-11-01', 'America/Havana')).toBe('2026-11-01T04:00:00.000Z')
  expect(start('2026-04-24', 'Africa/Cairo')).toBe('2026-04-23T22:00:00.000Z')
})

describe('at start', () => {
  const database = { current: undefined as Awaited<ReturnType<typeof createTestDatabase>> | undefined }
  beforeAll(async () => {
    database.current = await createTestDatabase()
  })
  afterAll(() => database.current?.drop())

  test('differences from Postgres and unknown zones of users are logged', async () => {
    const db = database.current?.db
    if (!db) throw new Error('no database')
    const lines: Record<string, unknown>[] = []
    const log = createLogger({ name: 'test', destination: { write: (line) => lines.push(JSON.parse(line)) } })
    await insertUser(db, { timezone: 'Mars/Base' })
    await insertUser(db, { timezone: 'CET' })
    await reportZones({ db, log })
    expect(lines).toMatchObject([
      {
        level: 'info',
        tzdata: process.versions.tz,
        postgresLacks: { count: expect.any(Number), zones: expect.any(Array) },
        postgresDiffers: { count: expect.any(Number), zones: expect.any(Array) },
      },
      { level: 'warn', unknown: { count: 1, zones: ['Mars/Base'] } },
    ])
  })

  test('a Postgres without time zones does not fail the report', async () => {
    const db = database.current?.db
    if (!db) throw new Error('no database')
    const lines: Record<string, unknown>[] = []
    const log = createLogger({ name: 'test', destination: { write: (line) => lines.push(JSON.parse(line)) } })
    await db.connection().execute(async (connection) => {
      await sql`create temporary view pg_timezone_names as
        select name, abbrev, utc_offset, is_dst from pg_catalog.pg_timezone_names where name = 'UTC'`.execute(
        connection,
      )
      await sql`set search_path = pg_temp, public, pg_catalog`.execute(connection)
      await reportZones({ db: connection, log })
    })
    const all = new Set(regions.map(canonicalZone))
    expect(lines[0]).toMatchObject({ level: 'info', postgresLacks: { count: all.size } })
  })
})
