import { dailyTimes } from '../schedules/schedules-and-retries.ts'
import { defineDailyJob } from './define-job.ts'

/** Anonymises users who asked for deletion longer than the grace ago. */
export const anonymisePeople = defineDailyJob({
  queue: 'audit',
  name: 'anonymise-people',
  dailyAt: dailyTimes['anonymise-people'],
})

/** For how long after asking for deletion a user can cancel it by signing in. */
export const deletionGraceMs = 30 * 86_400_000
