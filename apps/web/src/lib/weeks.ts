import { getLocale } from '../paraglide/runtime.js'
import { addDays, type Day, weekdayOf } from './dates.ts'

type WithWeeks = Intl.Locale & { getWeekInfo?: () => { firstDay: number } }

/**
 * Returns the weekday with which weeks begin: 1 is Monday, 7 Sunday. The browser's own language names the country, where it is that of the page; a
 * browser that does not know it gets Monday.
 */
function firstWeekday(): number {
  const language = getLocale()
  const locale = navigator.languages.find((own) => own.split('-')[0] === language) ?? language
  return (new Intl.Locale(locale) as WithWeeks).getWeekInfo?.().firstDay ?? 1
}

/** Returns how many days of its week come before a day. */
export const placeInWeek = (day: Day): number => (weekdayOf(day) - firstWeekday() + 7) % 7

/** Returns the day with which the week of a day begins. */
export const startOfWeek = (day: Day): Day => addDays(day, -placeInWeek(day))
