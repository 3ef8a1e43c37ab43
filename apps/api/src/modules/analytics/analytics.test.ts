import { insertReminder, type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { joining } from '../organizations/testing/organization-fixtures.ts'
import { putReminder, putTask, readAnalytics, readStreaks } from './testing/analytics-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  // A Friday.
  clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const at = (text: string) => new Date(text)

test('a user without tasks has zeros for all seven days and four weeks', async () => {
  const user = await api.signUp()
  expect(await readAnalytics(user)).toEqual({
    totalTasks: 0,
    tasksByStatus: { todo: 0, 'in-progress': 0, completed: 0 },
    tasksByPriority: { low: 0, medium: 0, high: 0 },
    completedReminders: 0,
    upcomingReminders: 0,
    overdueReminders: 0,
    dailyData: ['14', '15', '16', '17', '18', '19', '20'].map((day) => ({
      date: `2026-11-${day}`,
      completedTasks: 0,
      completedReminders: 0,
    })),
    weeklyData: ['2026-10-26', '2026-11-02', '2026-11-09', '2026-11-16'].map((weekStart) => ({
      weekStart,
      completedTasks: 0,
      completedReminders: 0,
    })),
    categoryData: [],
    generatedAt: '2026-11-20T12:00:00.000Z',
  })
  expect(await readStreaks(user)).toEqual({ active: 0, longest: 0 })
})

test('tasks are counted by status, priority and category, whose shares add up to 1', async () => {
  const user = await api.signUp()
  await putTask(api, user, null, { priority: 'high', category: 'Work' })
  await putTask(api, user, null, { status: 'in-progress', category: 'Work' })
  await putTask(api, user, at('2026-11-20T08:00:00Z'), { category: 'Home' })
  await putTask(api, user, null)
  await putTask(api, user, null, { category: 'Uncategorized' })
  const analytics = await readAnalytics(user)
  expect(analytics).toMatchObject({
    totalTasks: 5,
    tasksByStatus: { todo: 3, 'in-progress': 1, completed: 1 },
    tasksByPriority: { low: 0, medium: 4, high: 1 },
    categoryData: [
      { category: 'Work', count: 2, percent: 0.4 },
      { category: 'Home', count: 1, percent: 0.2 },
      { category: 'Uncategorized', count: 1, percent: 0.2 },
      { category: null, count: 1, percent: 0.2 },
    ],
  })
})

test('reminders are counted as completed, upcoming and overdue', async () => {
  const user = await api.signUp()
  for (const status of ['pending', 'pending', 'sent', 'cancelled', 'failed']) await putReminder(api, user, status)
  await putReminder(api, user, 'completed', at('2026-11-19T08:00:00Z'))
  const analytics = await readAnalytics(user)
  expect(analytics).toMatchObject({ completedReminders: 1, upcomingReminders: 2, overdueReminders: 1 })
  expect(analytics.dailyData.at(-2)).toEqual({ date: '2026-11-19', completedTasks: 0, completedReminders: 1 })
  // Completing the task ends the overdue reminder, which counts as completed with it.
  const { task_id: id } = await api.db
    .selectFrom('reminders')
    .select('task_id')
    .where('user_id', '=', user.userId)
    .where('status', '=', 'sent')
    .executeTakeFirstOrThrow()
  await user.inject('PATCH', `/api/v1/tasks/${id}`, { status: 'completed' })
  expect(await readAnalytics(user)).toMatchObject({ completedReminders: 2, overdueReminders: 0 })
  expect((await readAnalytics(user)).dailyData.at(-1)).toEqual({
    date: '2026-11-20',
    completedTasks: 1,
    completedReminders: 1,
  })
})

test('a completed task with three reminders is one completed task, by day and by week', async () => {
  const user = await api.signUp()
  const task = await putTask(api, user, null)
  for (let index = 0; index < 3; index++) await insertReminder(api.db, task)
  await user.inject('PATCH', `/api/v1/tasks/${task.id}`, { status: 'completed' })
  const { dailyData, weeklyData } = await readAnalytics(user)
  for (const last of [dailyData.at(-1), weeklyData.at(-1)])
    expect(last).toMatchObject({ completedTasks: 1, completedReminders: 3 })
  expect(await readStreaks(user)).toEqual({ active: 1, longest: 1 })
})

test('tasks assigned within the organization count for the assignee; tasks of others do not', async () => {
  const owner = await api.signUp()
  const [assignee, admin] = [await joining(api, owner), await joining(api, owner, 'client_admin')]
  const elsewhere = await api.signUp()
  await putTask(api, owner, at('2026-11-20T08:00:00Z'), { assignee_id: assignee.userId })
  await putTask(api, owner, null, { assignee_id: owner.userId })
  await putTask(api, owner, null, { assignee_id: elsewhere.userId })
  expect(await readAnalytics(owner)).toMatchObject({ totalTasks: 3, tasksByStatus: { completed: 1 } })
  expect(await readAnalytics(assignee)).toMatchObject({ totalTasks: 1, tasksByStatus: { completed: 1 } })
  expect(await readStreaks(assignee)).toEqual({ active: 1, longest: 1 })
  for (const other of [admin, elsewhere]) expect(await readAnalytics(other)).toMatchObject({ totalTasks: 0 })
})

describe('dates', () => {
  test('are those of the user’s zone: one instant falls on different dates', async () => {
    const zones = { 'Pacific/Auckland': '2026-11-20', UTC: '2026-11-19', 'America/Los_Angeles': '2026-11-19' }
    for (const [timezone, date] of Object.entries(zones)) {
      const user = await api.signUp({ timezone })
      await putTask(api, user, at('2026-11-19T13:00:00Z'))
      const { dailyData } = await readAnalytics(user)
      expect(dailyData.filter(({ completedTasks }) => completedTasks > 0)).toMatchObject([{ date, completedTasks: 1 }])
    }
  })

  test('are counted in every zone a user can choose or has stored', async () => {
    const stored = [
      'CET',
      'MET',
      'EET',
      'WET',
      'EST5EDT',
      'PST8PDT',
      'HST',
      'US/Eastern',
      'Asia/Calcutta',
      'Mars/Base',
      '+02:00',
    ]
    for (const timezone of [...Intl.supportedValuesOf('timeZone'), ...stored]) {
      const user = await api.signUp({ timezone })
      const answer = await user.inject('GET', '/api/v1/analytics')
      expect([timezone, answer.statusCode]).toEqual([timezone, 200])
    }
  })

  test('follow the local clock where Postgres has fixed rules', async () => {
    // The last Sunday of October 1995 was in September: Brussels' clocks went back a month before those of Postgres' CET.
    const user = await api.signUp({ timezone: 'CET' })
    const other = await api.signUp({ timezone: 'Europe/Brussels' })
    for (const one of [user, other]) {
      for (const day of ['1995-10-02T22:30:00Z', '1995-10-04T12:00:00Z', '1940-06-01T21:30:00Z'])
        await putTask(api, one, at(day))
    }
    expect(await readStreaks(user)).toEqual(await readStreaks(other))
  })

  test('follow a new zone at once, even when the cached profile is older', async () => {
    const user = await api.signUp({ timezone: 'UTC' })
    await user.inject('GET', '/api/v1/users/me')
    await putTask(api, user, at('2026-11-19T13:00:00Z'))
    await api.db.updateTable('users').set({ timezone: 'Pacific/Auckland' }).where('id', '=', user.userId).execute()
    const { dailyData } = await readAnalytics(user)
    expect(dailyData.at(-1)).toMatchObject({ date: '2026-11-21', completedTasks: 0 })
    expect(dailyData.at(-2)).toMatchObject({ date: '2026-11-20', completedTasks: 1 })
  })

  test('begin at local midnight, even where clocks go back to it', async () => {
    // In Havana the hour from 0:00 came twice on this Sunday: from 04:00 and from 05:00 UTC.
    const user = await api.signUp({ timezone: 'America/Havana' })
    const longest = async () => {
      await api.redis.flushdb()
      return (await readStreaks(user)).longest
    }
    await putTask(api, user, at('2026-10-30T12:00:00Z'))
    await putTask(api, user, at('2026-11-01T04:30:00Z'))
    expect(await longest()).toBe(1)
    // The same for a user created before the change, whose calendar has more than one offset.
    await api.db
      .updateTable('users')
      .set({ created_at: at('2026-01-01') })
      .where('id', '=', user.userId)
      .execute()
    expect(await longest()).toBe(1)
    await putTask(api, user, at('2026-11-01T03:59:59Z'))
    expect(await longest()).toBe(3)
  })
})

describe('a streak', () => {
  const streaksOf = async (...days: string[]) => {
    const user = await api.signUp()
    for (const day of days) await putTask(api, user, at(`2026-${day}T09:00:00Z`))
    return readStreaks(user)
  }

  test.each([
    ['lives while today is done', ['11-18', '11-19', '11-20'], { active: 3, longest: 3 }],
    ['lives until tomorrow when yesterday was done', ['11-18', '11-19'], { active: 2, longest: 2 }],
    ['has ended when the day before yesterday was the last', ['11-17', '11-18'], { active: 0, longest: 2 }],
    ['counts a date once', ['11-20', '11-20', '11-20'], { active: 1, longest: 1 }],
    ['is broken by a day without anything', ['11-15', '11-16', '11-17', '11-19', '11-20'], { active: 2, longest: 3 }],
  ])('%s', async (_what, days, expected) => {
    expect(await streaksOf(...days)).toEqual(expected)
  })

  test('continues by completed reminders as well as by tasks', async () => {
    const user = await api.signUp()
    await putTask(api, user, at('2026-11-18T09:00:00Z'))
    await putReminder(api, user, 'completed', at('2026-11-19T09:00:00Z'))
    expect(await readStreaks(user)).toEqual({ active: 2, longest: 2 })
  })
})
