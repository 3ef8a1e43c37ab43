import { addDays, type Day, weekdayOf } from './dates.ts'
import { regionalLanguage } from './regional-language.ts'

// Asked for each day of a calendar.
let knownFirst: number | undefined

type WithWeeks = Intl.Locale & { getWeekInfo?: () => { firstDay: number } }

/** Returns the weekday with which weeks begin: 1 is Monday, 7 Sunday. A browser that does not know it gets Monday. */
function firstWeekday(): number {
  knownFirst ??= (new Intl.Locale(regionalLanguage()) as WithWeeks).getWeekInfo?.().firstDay ?? 1
  return knownFirst
}

/** Returns how many days of its week come before a day. */
export const placeInWeek = (day: Day): number => (weekdayOf(day) - firstWeekday() + 7) % 7

/** Returns the day with which the week of a day begins. */
export const startOfWeek = (day: Day): Day => addDays(day, -placeInWeek(day))
