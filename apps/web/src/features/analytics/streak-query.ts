import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** The active and the longest streak of days with a completion. */
export const streaksQuery = queryOptions({
  queryKey: ['analytics', 'streaks'],
  queryFn: ({ signal }) => muster.analytics.streaks({ signal }),
})
