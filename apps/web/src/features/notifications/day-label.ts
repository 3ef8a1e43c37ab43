import { addDays, type Day, dayOf, formatDay } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'

/** Returns the heading of what happened on a day: today, yesterday, or the day with its name. */
export function dayLabel(day: Day, timeZone: string): string {
  const today = dayOf(new Date(), timeZone)
  if (day === today) return m.notifications_today()
  if (day === addDays(today, -1)) return m.notifications_yesterday()
  return formatDay(day, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
}
