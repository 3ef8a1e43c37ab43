import { isLongForm, type ManualClock, manualClock } from '@muster/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { priorities } from '../tasks/tasks.schema.ts'
import { putReminder, putTask, readAnalytics, readStreaks } from './testing/analytics-fixtures.ts'

/*
 * Random tasks and reminders of a user, in zones with odd days and around changes of their clocks, against the simplest
 * way to count them: one by one, with Temporal. Includes zones for which the tests' Postgres has other rules: Morocco gave
 * up its summer time in 2026, and CET has another history in older data.
 */

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/Santiago',
  'America/Asuncion',
  'Atlantic/Azores',
  'Africa/Cairo',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Africa/Casablanca',
  // Names as they were stored before they became canonical.
  'CET',
  'EST5EDT',
  'Asia/Calcutta',
]
const hourMs = 3_600_000
const dayMs = 24 * hourMs

type Done = { kind: 'task' | 'reminder'; agoMs: number | null; priority: number; category: string | null }
type World = { timezone: string; nowMs: number; knownForDays: number; items: Done[] }

/** An instant near a change of the zone's clocks, if the zone has any. */
const momentIn = (timezone: string, fromMs: number, offMs: number) => {
  const from = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timezone)
  const change = from.getTimeZoneTransition('next') ?? from
  return change.epochMilliseconds + offMs
}
const world: fc.Arbitrary<World> = fc.record({
  timezone: fc.constantFrom(...zones),
  nowMs: fc.constant(0),
  knownForDays: fc.constantFrom(0, 3, 60, 800),
  items: fc.array(
    fc.record({
      kind: fc.constantFrom('task' as const, 'reminder' as const),
      agoMs: fc.option(
        fc.oneof(
          fc.integer({ min: 0, max: 6 * dayMs }),
          fc.integer({ min: 0, max: 35 * dayMs }),
          // Exactly whole hours ago within the last days, where dates change.
          fc
            .tuple(fc.nat({ max: 240 }), fc.constantFrom(-1_000, 0, 1_000))
            .map(([hours, ms]) => hours * hourMs + 1_000 + ms),
        ),
        { freq: 5 },
      ),
      priority: fc.nat({ max: 2 }),
      category: fc.option(fc.constantFrom('Home', 'Work', 'Uncategorized')),
    }),
    { maxLength: 25 },
  ),
})
const worlds = fc
  .tuple(
    world,
    fc.integer({ min: Date.parse('2024-01-01'), max: Date.parse('2026-10-01') }),
    // Whole hours after the change, so that completions whole hours ago fall on it.
    fc.integer({ min: 0, max: 24 * 8 }).map((hours) => hours * hourMs),
  )
  .map(([given, fromMs, offMs]) => ({ ...given, nowMs: momentIn(given.timezone, fromMs, offMs) }))

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const dateOf = (timezone: string, ms: number) =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDate()

function model({ timezone, nowMs, items }: World) {
  const today = dateOf(timezone, nowMs)
  const datesOf = (wanted: string) =>
    items.flatMap(({ kind, agoMs }) =>
      agoMs === null || kind !== wanted ? [] : [dateOf(timezone, nowMs - agoMs).toString()],
    )
  const [taskDates, reminderDates] = [datesOf('task'), datesOf('reminder')]
  const dates = [...taskDates, ...reminderDates]
  const countIn = (all: string[], days: Temporal.PlainDate[]) =>
    all.filter((each) => days.some((day) => day.toString() === each)).length
  const completionsOn = (...days: Temporal.PlainDate[]) => ({
    completedTasks: countIn(taskDates, days),
    completedReminders: countIn(reminderDates, days),
  })
  const dailyData = Array.from({ length: 7 }, (_, index) => {
    const date = today.subtract({ days: 6 - index })
    return { date: date.toString(), ...completionsOn(date) }
  })
  const monday = today.subtract({ days: today.dayOfWeek - 1 })
  const weeklyData = Array.from({ length: 4 }, (_, index) => {
    const weekStart = monday.subtract({ weeks: 3 - index })
    const week = Array.from({ length: 7 }, (_, day) => weekStart.add({ days: day }))
    return { weekStart: weekStart.toString(), ...completionsOn(...week) }
  })
  const runFrom = (date: Temporal.PlainDate): number =>
    dates.includes(date.toString()) ? 1 + runFrom(date.subtract({ days: 1 })) : 0
  const longest = Math.max(0, ...dates.map((date) => runFrom(Temporal.PlainDate.from(date))))
  return { dailyData, weeklyData, streaks: { active: runFrom(today) || runFrom(today.subtract({ days: 1 })), longest } }
}

/** No category comes after all names. */
const nameOf = ({ category }: { category: string | null }) => category ?? '\u{10ffff}'

/** Counts by kind; each reminder belongs to an open task of its own. */
function counts({ items }: World) {
  const tasks = items.map(({ kind, agoMs, priority, category }) =>
    kind === 'task'
      ? { isDone: agoMs !== null, priority: priorities[priority], category }
      : { isDone: false, priority: 'medium', category: null },
  )
  const of = (isMeant: (task: (typeof tasks)[number]) => boolean) => tasks.filter(isMeant).length
  const named = [...new Set(tasks.map(({ category }) => category))].map((category) => ({
    category,
    count: of((task) => task.category === category),
  }))
  return {
    totalTasks: tasks.length,
    tasksByStatus: { todo: of(({ isDone }) => !isDone), 'in-progress': 0, completed: of(({ isDone }) => isDone) },
    tasksByPriority: Object.fromEntries(priorities.map((name) => [name, of(({ priority }) => priority === name)])),
    named: named.toSorted((one, other) => other.count - one.count || (nameOf(one) < nameOf(other) ? -1 : 1)),
    completedReminders: items.filter(({ kind, agoMs }) => kind === 'reminder' && agoMs !== null).length,
    upcomingReminders: items.filter(({ kind, agoMs }) => kind === 'reminder' && agoMs === null).length,
  }
}

test('analytics of generated tasks and reminders match the model in every zone', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (given) => {
      clock.set(new Date(given.nowMs))
      const user = await api.signUp({ timezone: given.timezone })
      const created_at = new Date(given.nowMs - given.knownForDays * dayMs)
      await api.db.updateTable('users').set({ created_at }).where('id', '=', user.userId).execute()
      for (const { kind, agoMs, priority, category } of given.items) {
        const completedAt = agoMs === null ? null : new Date(given.nowMs - agoMs)
        if (kind === 'task')
          await putTask(api, user, completedAt, { priority: priorities[priority] as string, category })
        else await putReminder(api, user, completedAt ? 'completed' : 'pending', completedAt)
      }
      const { categoryData, generatedAt, overdueReminders, dailyData, weeklyData, ...totals } =
        await readAnalytics(user)
      const expected = model(given)
      const { named, ...expectedCounts } = counts(given)
      expect({ dailyData, weeklyData, streaks: await readStreaks(user) }).toEqual(expected)
      expect(totals).toEqual(expectedCounts)
      expect(categoryData.map(({ category, count }) => ({ category, count }))).toEqual(named)
      const shares = categoryData.reduce((sum, { percent }) => sum + percent, 0)
      expect(shares).toBeCloseTo(given.items.length > 0 ? 1 : 0, 12)
      expect([overdueReminders, generatedAt]).toEqual([0, new Date(given.nowMs).toISOString()])
    }),
    { numRuns: isLongForm ? 300 : 25, endOnFailure: true },
  )
}, 180_000)
