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
import {
  type Analytics,
  type AnalyticsReading,
  analyticsReading,
  type CompletionDays,
  type DaysQuery,
  maxDays,
  type Streaks,
} from './analytics.schema.ts'

type AnalyticsDeps = Pick<Deps, 'db' | 'lookups' | 'cache' | 'clock'> & { reads: Reads }

/** `validUntilMs` is the user's next midnight, when another day begins. */
const cachedAnalytics = z.object({ validUntilMs: z.int(), value: analyticsReading })
const cacheMs = 300_000

/** Returns the actor's analytics. Counts the tasks that the actor owns or is assigned to, regardless of who completed them. */
export const getAnalytics = async (deps: AnalyticsDeps, actor: Actor): Promise<Analytics> =>
  (await getReading(deps, actor)).analytics

/** Returns the actor's streaks: consecutive dates with a completed task or reminder. Counts the same tasks as {@link getAnalytics}. */
export const getStreaks = async (deps: AnalyticsDeps, actor: Actor): Promise<Streaks> =>
  (await getReading(deps, actor)).streaks

/**
 * Returns the completions of each date of a range, both ends included. Counts the same tasks as {@link getAnalytics}. Ranges within the
 * last {@link maxDays} dates come from the cached value; earlier ones are read each time.
 */
export async function getDays(deps: AnalyticsDeps, actor: Actor, range: DaysQuery): Promise<CompletionDays> {
  const recent = isLongAgo(range, deps.clock.now()) ? undefined : await getReading(deps, actor)
  const { days, timezone, analytics } =
    recent && range.from >= recent.daysSince
      ? recent
      : await deps.reads.read(async (db) => (await readAll(deps, db, actor.userId, range.from)).value, 'bySession')
  const counted = new Map(days.map((day) => [day[0], day]))
  const dates = datesOf(range, skippedDates(offsetPeriods(timezone, deps.clock.now())))
  return {
    days: dates.map((date) => {
      const [, completedTasks, completedReminders] = counted.get(date) ?? [date, 0, 0]
      return { date, completedTasks, completedReminders }
    }),
    generatedAt: analytics.generatedAt,
  }
}

/** Tells whether the range begins before the last {@link maxDays} dates of every zone. */
const isLongAgo = ({ from }: DaysQuery, now: Date) => from < dateIn('UTC', now).subtract({ days: maxDays }).toString()

function datesOf({ from, to }: DaysQuery, skipped: readonly Temporal.PlainDate[]): string[] {
  const never = new Set(skipped.map(String))
  const first = Temporal.PlainDate.from(from)
  const dates = Array.from({ length: first.until(to).days + 1 }, (_, days) => first.add({ days }).toString())
  return dates.filter((date) => !never.has(date))
}

/** Returns all figures from one read and one cached value, so that they never contradict each other. */
async function getReading(deps: AnalyticsDeps, { userId }: Actor): Promise<AnalyticsReading> {
  const { value } = await deps.cache.through(analyticsKey(userId), {
    name: 'analytics',
    schema: cachedAnalytics,
    ttlMs: ({ validUntilMs }) => Math.min(cacheMs, validUntilMs - deps.clock.now().getTime()),
    read: () => readAll(deps, deps.db, userId),
    readUncached: () => deps.reads.ofReplica((replica) => readAll(deps, replica, userId)),
  })
  return value
}

/** @param from the first of the `days`, by default that of the last {@link maxDays} dates */
async function readAll(
  deps: AnalyticsDeps,
  db: Db,
  userId: string,
  from?: string,
): Promise<z.output<typeof cachedAnalytics>> {
  const now = deps.clock.now()
  const { user } = await getProfile(deps, userId)
  const first = await readIn(user.timezone, db, userId, { now, from })
  // The cached profile may be older than a change of the timezone.
  const isRightZone = first.row.timezone === user.timezone
  const { row, dates, since } = isRightZone ? first : await readIn(first.row.timezone, db, userId, { now, from })
  const streaks = { active: row.activeStreak, longest: row.longestStreak }
  const [today] = dates
  const validUntilMs = startOfDate(today.add({ days: 1 }), row.timezone).getTime()
  const days = row.days.map(({ date, completedTasks, completedReminders }): AnalyticsReading['days'][number] => [
    date,
    completedTasks,
    completedReminders,
  ])
  const { timezone } = row
  return { validUntilMs, value: { analytics: toAnalytics(row, dates, now), streaks, days, daysSince: since, timezone } }
}

/** Reads the analytics by the calendar of a zone, which comes from the zone data of this process. */
async function readIn(
  timezone: string,
  db: Db,
  userId: string,
  { now, from }: { now: Date; from: string | undefined },
) {
  const offsets = offsetPeriods(timezone, now)
  const skipped = skippedDates(offsets)
  const dates = lastDates(dateIn(timezone, now), skipped)
  const since = from ?? dates[0].subtract({ days: maxDays - 1 }).toString()
  const row = await readAnalytics(db, userId, {
    offsets,
    skipped: skipped.map(String),
    today: dates[0].toString(),
    yesterday: dates[1].toString(),
    since,
  })
  if (!row) throw new DomainError('UNAUTHENTICATED')
  return { row, dates, since }
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
