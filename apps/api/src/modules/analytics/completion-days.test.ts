import { analyticsKey } from '@muster/cache'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { putReminder, putTask, readAnalytics } from './testing/analytics-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

type Day = { date: string; completedTasks: number; completedReminders: number }

const at = (text: string) => new Date(text)
const ask = (user: TestUser, from: string, to: string) =>
  user.inject('GET', `/api/v1/analytics/days?from=${from}&to=${to}`)
async function daysOf(user: TestUser, from: string, to: string): Promise<Day[]> {
  const answer = await ask(user, from, to)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json().data.days
}
const busyOnes = (days: Day[]) => days.filter((day) => day.completedTasks + day.completedReminders > 0)

test('a range has each of its dates, both ends included, with tasks and reminders apart', async () => {
  const user = await api.signUp()
  for (const day of ['01-01', '01-01', '11-19', '11-20']) await putTask(api, user, at(`2026-${day}T09:00:00Z`))
  await putReminder(api, user, 'completed', at('2026-11-20T10:00:00Z'))
  const year = await daysOf(user, '2026-01-01', '2026-12-31')
  expect(year).toHaveLength(365)
  expect([year[0], year.at(-1)?.date]).toEqual([
    { date: '2026-01-01', completedTasks: 2, completedReminders: 0 },
    '2026-12-31',
  ])
  expect(busyOnes(year)).toEqual([
    { date: '2026-01-01', completedTasks: 2, completedReminders: 0 },
    { date: '2026-11-19', completedTasks: 1, completedReminders: 0 },
    { date: '2026-11-20', completedTasks: 1, completedReminders: 1 },
  ])
  const { dailyData } = await readAnalytics(user)
  expect(await daysOf(user, '2026-11-14', '2026-11-20')).toEqual(dailyData)
  expect(await daysOf(user, '2026-11-20', '2026-11-20')).toHaveLength(1)
})

test('53 weeks are answered at once, and 54 at most', async () => {
  const user = await api.signUp()
  expect(await daysOf(user, '2025-11-15', '2026-11-20')).toHaveLength(371)
  expect(await daysOf(user, '2025-11-08', '2026-11-20')).toHaveLength(378)
  expect(await daysOf(user, '9999-12-01', '9999-12-31')).toHaveLength(31)
  expect((await ask(user, '2025-11-07', '2026-11-20')).json().error.details).toMatchObject([
    { path: 'query.to', code: 'OUT_OF_RANGE', params: { min: '2025-11-07', max: '2026-11-19' } },
  ])
})

test.each([
  ['from=2026-11-20&to=2026-11-19', 'to', 'BEFORE'],
  ['from=2026-02-30&to=2026-03-01', 'from', 'INVALID_DATE'],
  ['from=2026-11-01T00:00:00Z&to=2026-11-02', 'from', 'INVALID_DATE'],
  ['from=1969-12-31&to=1970-01-01', 'from', 'OUT_OF_RANGE'],
  ['from=2026-11-01', 'to', 'REQUIRED'],
])('%s is refused at %s: %s', async (query, field, code) => {
  const user = await api.signUp()
  const answer = await user.inject('GET', `/api/v1/analytics/days?${query}`)
  expect([answer.statusCode, answer.json().error.details]).toMatchObject([400, [{ path: `query.${field}`, code }]])
})

describe('dates', () => {
  test('begin at local midnight, also on days of 23 and 25 hours', async () => {
    const user = await api.signUp({ timezone: 'Europe/Berlin' })
    // 29 March begins at 23:00 UTC and ends at 22:00 UTC, 25 October begins at 22:00 UTC and ends at 23:00 UTC.
    const instants = [
      '2026-03-28T22:59:59Z',
      '2026-03-28T23:00:00Z',
      '2026-03-29T21:59:59Z',
      '2026-03-29T22:00:00Z',
      '2026-10-24T21:59:59Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T22:59:59Z',
      '2026-10-25T23:00:00Z',
    ]
    for (const instant of instants) await putTask(api, user, at(instant))
    const days = busyOnes(await daysOf(user, '2026-03-01', '2026-10-31'))
    expect(days.map(({ date, completedTasks }) => [date, completedTasks])).toEqual([
      ['2026-03-28', 1],
      ['2026-03-29', 2],
      ['2026-03-30', 1],
      ['2026-10-24', 1],
      ['2026-10-25', 2],
      ['2026-10-26', 1],
    ])
  })

  test('that the zone never had are in no range', async () => {
    const user = await api.signUp({ timezone: 'Pacific/Apia' })
    const dates = (await daysOf(user, '2011-12-29', '2012-01-01')).map(({ date }) => date)
    expect(dates).toEqual(['2011-12-29', '2011-12-31', '2012-01-01'])
  })

  test('are those of a new zone at once', async () => {
    const user = await api.signUp({ timezone: 'UTC' })
    await putTask(api, user, at('2026-11-10T13:00:00Z'))
    expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toMatchObject([{ date: '2026-11-10' }])
    await user.inject('PATCH', '/api/v1/users/me', { timezone: 'Pacific/Auckland' })
    expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toMatchObject([{ date: '2026-11-11' }])
  })
})

test('the last 54 weeks come from the cache of the other analytics, and earlier ones from Postgres', async () => {
  const user = await api.signUp()
  await putTask(api, user, at('2026-11-10T13:00:00Z'))
  await putTask(api, user, at('2024-05-01T13:00:00Z'))
  await readAnalytics(user)
  // Written past the API, so that nothing invalidates the cache.
  await putTask(api, user, at('2026-11-12T13:00:00Z'))
  await putTask(api, user, at('2024-05-02T13:00:00Z'))
  expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toHaveLength(1)
  expect(busyOnes(await daysOf(user, '2024-05-01', '2024-05-31'))).toHaveLength(2)
  await api.redis.del(analyticsKey(user.userId))
  expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toHaveLength(2)
})

test('a change counts at once', async () => {
  const user = await api.signUp()
  const { id } = await putTask(api, user, null)
  expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toEqual([])
  await user.inject('PATCH', `/api/v1/tasks/${id}`, { status: 'completed' })
  expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toEqual([
    { date: '2026-11-20', completedTasks: 1, completedReminders: 0 },
  ])
  await user.inject('PATCH', `/api/v1/tasks/${id}`, { status: 'todo' })
  expect(busyOnes(await daysOf(user, '2026-11-01', '2026-11-20'))).toEqual([])
})
