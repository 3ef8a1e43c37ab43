import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** The reminders of the caller that come next, at most `max`. */
export const nextRemindersQuery = (max: number) =>
  queryOptions({
    queryKey: ['reminders', 'next', max],
    async queryFn({ signal }) {
      const query = { status: ['pending' as const], sort: 'scheduledAt' as const, limit: max }
      return (await muster.reminders.list(query, { signal })).items
    },
  })

/** So many reminders are shown in one view of the calendar at most. */
const maxInRange = 500

/** The caller's reminders whose time lies between two instants, both inclusive. */
export const remindersBetweenQuery = (from: string, to: string) =>
  queryOptions({
    queryKey: ['reminders', 'between', from, to],
    queryFn: () => muster.reminders.list({ from, to, sort: 'scheduledAt', limit: 100 }).toArray({ max: maxInRange }),
  })
