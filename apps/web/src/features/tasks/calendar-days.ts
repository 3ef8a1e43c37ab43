import { addDays, type Day, instantOf } from '../../lib/dates.ts'
import { startOfWeek } from '../../lib/weeks.ts'

export type CalendarView = 'month' | 'week'

/** Returns the days that a view shows: a week, or the whole weeks that a month touches. */
export function daysOf(view: CalendarView, anchor: Day): Day[] {
  if (view === 'week') return Array.from({ length: 7 }, (_, index) => addDays(startOfWeek(anchor), index))
  const first = startOfWeek(`${anchor.slice(0, 8)}01`)
  const nextMonth = stepOf('month', `${anchor.slice(0, 8)}01`, 1)
  const days: Day[] = []
  for (let day = first; day < nextMonth || days.length % 7 !== 0; day = addDays(day, 1)) days.push(day)
  return days
}

/** Returns the day that the next or the previous view is about. */
export function stepOf(view: CalendarView, anchor: Day, count: 1 | -1): Day {
  if (view === 'week') return addDays(anchor, 7 * count)
  const first = new Date(`${anchor.slice(0, 8)}01T00:00:00Z`)
  first.setUTCMonth(first.getUTCMonth() + count)
  return first.toISOString().slice(0, 10)
}

/** Returns by how many minutes the clocks go forward on a day in a zone; negative where they go back. */
export function clockChangeOf(day: Day, timeZone: string): number {
  const start = instantOf(day, '00:00', timeZone).getTime()
  const end = instantOf(addDays(day, 1), '00:00', timeZone).getTime()
  return 24 * 60 - (end - start) / 60_000
}
