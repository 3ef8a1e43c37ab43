import { analyticsKey } from '@muster/cache'
import { DomainError } from '@muster/errors'
import { dateIn, offsetPeriods, startOfDate } from '@muster/zones'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import type { Actor } from '../../http/actor.ts'
import { getProfile } from '../accounts/own-profile.service.ts'
import { type AnalyticsRow, type Completions, readAnalytics } from './analytics.queries.ts'
import { type Analytics, type AnalyticsReading, analyticsReading, type Streaks } from './analytics.schema.ts'

type AnalyticsDeps = Pick<Deps, 'db' | 'lookups' | 'cache' | 'clock'>

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
    schema: cachedAnalytics,
    ttlMs: ({ validUntilMs }) => Math.min(cacheMs, validUntilMs - deps.clock.now().getTime()),
    read: () => readBoth(deps, userId),
  })
  return value
}

async function readBoth(deps: AnalyticsDeps, userId: string): Promise<z.output<typeof cachedAnalytics>> {
  const now = deps.clock.now()
  const { user } = await getProfile(deps, userId)
  const first = await readIn(user.timezone, deps, userId, now)
  // The cached profile may be older than a change of the timezone.
  const isRightZone = first.row.timezone === user.timezone
  const { row, today } = isRightZone ? first : await readIn(first.row.timezone, deps, userId, now)
  const streaks = { active: row.activeStreak, longest: row.longestStreak }
  const validUntilMs = startOfDate(today.add({ days: 1 }), row.timezone).getTime()
  return { validUntilMs, value: { analytics: toAnalytics(row, today, now), streaks } }
}

/** Reads the analytics by the calendar of a zone, which comes from the zone data of this process. */
async function readIn(timezone: string, { db }: Pick<AnalyticsDeps, 'db'>, userId: string, now: Date) {
  const today = dateIn(timezone, now)
  const offsets = offsetPeriods(timezone, now)
  const since = mondayOf(today).subtract({ weeks: 3 }).toString()
  const row = await readAnalytics(db, userId, { offsets, today: today.toString(), since })
  if (!row) throw new DomainError('UNAUTHENTICATED')
  return { row, today }
}

function toAnalytics(row: AnalyticsRow, today: Temporal.PlainDate, now: Date): Analytics {
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
    dailyData: lastDays(row, today),
    weeklyData: lastWeeks(row, today),
    categoryData: categories(row, totalTasks),
    generatedAt: now.toISOString(),
  }
}

const countOf = ({ groups }: AnalyticsRow, isCounted: (group: AnalyticsRow['groups'][number]) => boolean) =>
  groups.filter(isCounted).reduce((sum, { count }) => sum + count, 0)

function lastDays({ days }: AnalyticsRow, today: Temporal.PlainDate): Analytics['dailyData'] {
  return [6, 5, 4, 3, 2, 1, 0].map((daysAgo) => {
    const date = today.subtract({ days: daysAgo }).toString()
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

/** Compares by code points; no name comes last. */
function compareNames(one: string | null, other: string | null): number {
  if (one === null || other === null) return one === null ? 1 : -1
  return one < other ? -1 : 1
}
