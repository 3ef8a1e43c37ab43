import { queryOptions } from '@tanstack/react-query'
import { addDays, type Day } from '../../lib/dates.ts'
import { muster } from '../../lib/muster.ts'
import { startOfWeek } from '../../lib/weeks.ts'

/** The active and the longest streak of days with a completion. */
export const streaksQuery = queryOptions({
  queryKey: ['analytics', 'streaks'],
  queryFn: ({ signal }) => muster.analytics.streaks({ signal }),
})

/** Totals, the last days and weeks, and categories. */
export const figuresQuery = queryOptions({
  queryKey: ['analytics', 'figures'],
  queryFn: ({ signal }) => muster.analytics.get({ signal }),
})

const earlierWeeks = 52

/** The completions of each day of the last 53 weeks, of which the last one ends today. */
export const yearQuery = (today: Day) =>
  queryOptions({
    queryKey: ['analytics', 'days', today],
    queryFn: ({ signal }) =>
      muster.analytics.days({ from: addDays(startOfWeek(today), -7 * earlierWeeks), to: today }, { signal }),
  })
