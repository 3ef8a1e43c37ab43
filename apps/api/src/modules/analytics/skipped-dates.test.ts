import { manualClock } from '@muster/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildTestApp } from '../../testing/test-app.ts'
import { putReminder, putTask, readAnalytics, readStreaks } from './testing/analytics-fixtures.ts'

/** Zones that moved across the date line, with the date that they never had and the instant of their noon on the day after. */
describe.each([
  ['Pacific/Apia', ['2011-12-28', '2011-12-29', '2011-12-31'], '2011-12-30', '2011-12-30T22:00:00Z'],
  ['Pacific/Fakaofo', ['2011-12-28', '2011-12-29', '2011-12-31'], '2011-12-30', '2011-12-30T23:00:00Z'],
  ['Pacific/Kwajalein', ['1993-08-19', '1993-08-20', '1993-08-22'], '1993-08-21', '1993-08-22T00:00:00Z'],
  ['Pacific/Kiritimati', ['1994-12-29', '1994-12-30', '1995-01-01'], '1994-12-31', '1994-12-31T22:00:00Z'],
])('in %s', (timezone, dates, skipped, noon) => {
  test('a date that never existed breaks no streak and is in no list of days', async () => {
    const clock = manualClock(new Date(noon))
    const api = await buildTestApp({ clock })
    onTestFinished(() => api.close())
    const user = await api.signUp({ timezone })
    const at = (date: string) =>
      new Date(
        Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: timezone, plainTime: '12:00' }).epochMilliseconds,
      )
    await putTask(api, user, at(dates[0] as string))
    await putReminder(api, user, 'completed', at(dates[1] as string))
    // Yesterday was the day before the skipped date.
    expect(await readStreaks(user)).toEqual({ active: 2, longest: 2 })
    await putTask(api, user, at(dates[2] as string))
    await api.redis.flushdb()
    expect(await readStreaks(user)).toEqual({ active: 3, longest: 3 })
    const { dailyData } = await readAnalytics(user)
    expect(dailyData).toHaveLength(7)
    expect(dailyData.map(({ date }) => date)).not.toContain(skipped)
    expect(dailyData.slice(-3).map(({ date }) => date)).toEqual(dates)
  })
})
