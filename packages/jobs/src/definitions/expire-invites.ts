import { dailyTimes } from '../schedules/schedules-and-retries.ts'
import { defineDailyJob } from './define-job.ts'

/** Marks invitations whose term is over as expired; their links stop working at the end of the term in any case. */
export const expireInvites = defineDailyJob({
  queue: 'audit',
  name: 'expire-invites',
  dailyAt: dailyTimes['expire-invites'],
})
