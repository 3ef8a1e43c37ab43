import { dailyTimes } from '../schedules/schedules-and-retries.ts'
import { defineDailyJob } from './define-job.ts'

/** Removes stored files that no row names. */
export const sweepOrphans = defineDailyJob({
  queue: 'image',
  name: 'sweep-orphans',
  dailyAt: dailyTimes['sweep-orphans'],
})
