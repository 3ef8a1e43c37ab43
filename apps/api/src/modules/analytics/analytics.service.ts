import { analyticsKey } from '@muster/cache'
import type { Db } from '@muster/db'
import { DomainError } from '@muster/errors'
import { dateIn, offsetPeriods, skippedDates, startOfDate } from '@muster/zones'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { getProfile } from '../accounts/own-profile.service.ts'
import { type AnalyticsRow, type Completions, readAnalytics } from './analytics.queries.ts'
import { type Analytics, type AnalyticsReading, analyticsReading, type Streaks } from './analytics.schema.ts'

type AnalyticsDeps = Pick<Deps, 'db' | 'lookups' | 'cache' | 'clock'> & { reads: Reads }

/** `validUntilMs` is the user's next midnight, when another day begins. */
const cachedAnalytics = z.object({ validUntilMs: z.int(), value: analyticsReading })
const cacheMs = 300_000

/** Returns the actor's analytics. Counts the tasks that the actor owns or is assigned to, regardless of who completed them. */
export const getAnalytics = async (deps: AnalyticsDeps, actor: Actor): Promise<Analytics> =>
  (await getBoth(deps, actor)).analytics

/** Returns the actor's streaks: consecutive dates with a completed task or reminder. Counts the same tasks as {@link getAnalytics}. */
export const getStreaks = async (deps: AnalyticsDeps, actor: Actor): Promise<Streaks> =>
  (await getBoth(deps, actor)).streaks

/** Returns both from one read and one cached value, so that they never contradict each other. */
async function getBoth(deps: AnalyticsDeps, { userId }: Actor): Promise<AnalyticsReading> {
  const { value } = await deps.cache.through(analyticsKey(userId), {
    name: 'analytics',
    schema: cachedAnalytics,
    ttlMs: ({ validUntilMs }) => Math.min(cacheMs, validUntilMs - deps.clock.now().getTime()),
    read: () => readBoth(deps, deps.db, userId),
    readUncached: () => deps.reads.ofReplica((replica) => readBoth(deps, replica, userId)),
  })
  return value
}

async function readBoth(deps: AnalyticsDeps, db: Db, userId: string): Promise<z.output<typeof cachedAnalytics>> {
  const now = deps.clock.now()
  const { user } = await getProfile(deps, userId)
  const first = await readIn(user.timezone, db, userId, now)
  // The cached profile may be older than a change of the timezone.
  const isRightZone = first.row.timezone === user.timezone
  const { row, dates } = isRightZone ? first : await readIn(first.row.timezone, db, userId, now)
  const streaks = { active: row.activeStreak, longest: row.longestStreak }
  const [today] = dates
  const validUntilMs = startOfDate(today.add({ days: 1 }), row.timezone).getTime()
  return { validUntilMs, value: { analytics: toAnalytics(row, dates, now), streaks } }
}

/** Reads the analytics by the calendar of a zone, which comes from the zone data of this process. */
async function readIn(timezone: string, db: Db, userId: string, now: Date) {
  const offsets = offsetPeriods(timezone, now)
  const skipped = skippedDates(offsets)
  const dates = lastDates(dateIn(timezone, now), skipped)
  const row = await readAnalytics(db, userId, {
    offsets,
    skipped: skipped.map(String),
    today: dates[0].toString(),
    yesterday: dates[1].toString(),
    since: mondayOf(dates[0]).subtract({ weeks: 3 }).toString(),
  })
  if (!row) throw new DomainError('UNAUTHENTICATED')
  return { row, dates }
}

/** Today and the dates before it, the newest first. */
type LastDates = [today: Temporal.PlainDate, yesterday: Temporal.PlainDate, ...Temporal.PlainDate[]]

/** Lists the last seven dates that the zone had. */
function lastDates(today: Temporal.PlainDate, skipped: readonly Temporal.PlainDate[]): LastDates {
  const candidates = Array.from({ length: 7 + skipped.length }, (_, daysAgo) => today.subtract({ days: daysAgo }))
  return candidates.filter((date) => !skipped.some((never) => never.equals(date))).slice(0, 7) as LastDates
}

function toAnalytics(row: AnalyticsRow, dates: LastDates, now: Date): Analytics {
  const totalTasks = countOf(row, () => true)
  return {
    totalTasks,
    tasksByStatus: {
      todo: countOf(row, ({ status }) => status === 'todo'),
      'in-progress': countOf(row, ({ status }) => status === 'in-progress'),
      completed: countOf(row, ({ status }) => status === 'completed'),
    },
    tasksByPriority: {
      low: countOf(row, ({ priority }) => priority === 'low'),
      medium: countOf(row, ({ priority }) => priority === 'medium'),
      high: countOf(row, ({ priority }) => priority === 'high'),
    },
    completedReminders: row.completedReminders,
    upcomingReminders: row.upcomingReminders,
    overdueReminders: row.overdueReminders,
    dailyData: lastDays(row, dates),
    weeklyData: lastWeeks(row, dates[0]),
    categoryData: categories(row, totalTasks),
    generatedAt: now.toISOString(),
  }
}

const countOf = ({ groups }: AnalyticsRow, isCounted: (group: AnalyticsRow['groups'][number]) => boolean) =>
  groups.filter(isCounted).reduce((sum, { count }) => sum + count, 0)

function lastDays({ days }: AnalyticsRow, dates: LastDates): Analytics['dailyData'] {
  return dates.toReversed().map((plainDate) => {
    const date = plainDate.toString()
    return { date, ...sumOf(days.filter((day) => day.date === date)) }
  })
}

const sumOf = (days: Completions[]): Completions => ({
  completedTasks: days.reduce((sum, { completedTasks }) => sum + completedTasks, 0),
  completedReminders: days.reduce((sum, { completedReminders }) => sum + completedReminders, 0),
})

const mondayOf = (date: Temporal.PlainDate) => date.subtract({ days: date.dayOfWeek - 1 })

function lastWeeks({ days }: AnalyticsRow, today: Temporal.PlainDate): Analytics['weeklyData'] {
  const monday = mondayOf(today)
  return [3, 2, 1, 0].map((weeksAgo) => {
    const weekStart = monday.subtract({ weeks: weeksAgo })
    const [from, to] = [weekStart.toString(), weekStart.add({ weeks: 1 }).toString()]
    return { weekStart: from, ...sumOf(days.filter(({ date }) => from <= date && date < to)) }
  })
}

function categories({ groups }: AnalyticsRow, totalTasks: number): Analytics['categoryData'] {
  const counts = new Map<string | null, number>()
  for (const { category, count } of groups) counts.set(category, (counts.get(category) ?? 0) + count)
  return [...counts]
    .map(([category, count]) => ({ category, count, percent: count / totalTasks }))
    .toSorted((one, other) => other.count - one.count || compareNames(one.category, other.category))
}

const alphabet = new Intl.Collator('und', { numeric: true })

/** Compares names as lists are ordered everywhere, those that are equal by code points; no name comes last. */
function compareNames(one: string | null, other: string | null): number {
  if (one === null || other === null) return one === null ? 1 : -1
  return alphabet.compare(one, other) || (one < other ? -1 : 1)
}
