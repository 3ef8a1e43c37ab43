import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, tasksUrl, titlesOf, tomorrow } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))

let api: TestApp
let ann: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  ann = await api.signUp()
})
afterAll(() => api.close())

test('a task needs no due date; one can be set and taken away', async () => {
  const task = dataOf(await ann.inject('POST', tasksUrl, { title: 'Some day' })).task
  expect(task.dueDate).toBeNull()
  const change = async (dueDate: string | null) =>
    dataOf(await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { dueDate })).task
  expect(await change(null)).toMatchObject({ dueDate: null, version: 1 })
  expect(await change(tomorrow)).toMatchObject({ dueDate: tomorrow, version: 2 })
  expect(await change(null)).toMatchObject({ dueDate: null, version: 3 })
})

test('tasks without a due date come last in both directions, through pages and cursors', async () => {
  const user = await api.signUp()
  const day = (n: number) => ({ title: `Day ${n}`, dueDate: `2026-11-2${n}T12:00:00.000Z` })
  const never = (n: number) => ({ title: `Never ${n}`, dueDate: null })
  for (const fields of [never(1), day(2), never(2), day(1), day(3)]) await createTask(user, fields)
  const orders = {
    dueDate: ['Day 1', 'Day 2', 'Day 3', 'Never 1', 'Never 2'],
    '-dueDate': ['Day 3', 'Day 2', 'Day 1', 'Never 2', 'Never 1'],
  }
  for (const [sort, expected] of Object.entries(orders)) {
    for (const limit of [1, 2, 3, 20]) {
      const url = `${tasksUrl}?sort=${sort}&limit=${limit}`
      const byCursor: string[] = []
      for (let next = ''; next !== 'end'; ) {
        const response = await user.inject('GET', url + next)
        byCursor.push(...titlesOf(response))
        const { nextCursor } = response.json().pagination
        next = nextCursor === null ? 'end' : `&cursor=${nextCursor}`
      }
      expect([url, ...byCursor]).toEqual([url, ...expected])
      const byPage: string[] = []
      for (let page = 1; (page - 1) * limit < expected.length; page++) {
        byPage.push(...titlesOf(await user.inject('GET', `${url}&page=${page}`)))
      }
      expect([url, ...byPage]).toEqual([url, ...expected])
    }
  }
  expect(titlesOf(await user.inject('GET', `${tasksUrl}?dueFrom=2026-11-22T00:00:00Z`))).toEqual(['Day 2', 'Day 3'])
  expect(titlesOf(await user.inject('GET', `${tasksUrl}?sort=-dueDate&dueTo=2026-11-22T00:00:00Z`))).toEqual(['Day 1'])
})

test('an offset from a due date that the task does not have is refused in words', async () => {
  const { id: taskId } = await createTask(ann, { dueDate: null })
  const refused = await ann.inject('POST', '/api/v1/reminders', { taskId, offsetMinutes: 5 })
  expect(refused.json().error).toMatchObject({
    code: 'VALIDATION_FAILED',
    details: [{ path: 'body.offsetMinutes', message: expect.stringContaining('which this task does not have') }],
  })
  const scheduledAt = '2026-11-20T13:00:00.000Z'
  const { reminder } = dataOf(await ann.inject('POST', '/api/v1/reminders', { taskId, scheduledAt }))
  expect(reminder).toMatchObject({ scheduledAt, task: { id: taskId, dueDate: null } })
  const moved = await ann.inject('PATCH', `/api/v1/reminders/${reminder.id}`, { offsetMinutes: 5 })
  expect(moved.statusCode).toBe(400)
})

test('taking the due date away cancels the reminders that count from it; a new one revives them', async () => {
  const task = await createTask(ann)
  const remind = async (fields: object) =>
    dataOf(await ann.inject('POST', '/api/v1/reminders', { taskId: task.id, ...fields })).reminder.id
  const offset = await remind({ offsetMinutes: 30 })
  const cancelled = await remind({ offsetMinutes: 45 })
  await ann.inject('PATCH', `/api/v1/reminders/${cancelled}`, { status: 'cancelled' })
  const absolute = await remind({ scheduledAt: '2026-11-21T08:00:00.000Z' })
  const due = (dueDate: string | null) => ann.inject('PATCH', `${tasksUrl}/${task.id}`, { dueDate })
  const states = async () =>
    Promise.all(
      [offset, cancelled, absolute].map(async (id) => {
        const { reminder } = dataOf(await ann.inject('GET', `/api/v1/reminders/${id}`))
        return reminder.status
      }),
    )
  await due(null)
  expect(await states()).toEqual(['cancelled', 'cancelled', 'pending'])
  await due('2026-11-20T11:00:00.000Z')
  expect(await states()).toEqual(['cancelled', 'cancelled', 'pending'])
  await due('2026-11-25T12:00:00.000Z')
  expect(await states()).toEqual(['pending', 'cancelled', 'pending'])
  const { reminder } = dataOf(await ann.inject('GET', `/api/v1/reminders/${offset}`))
  expect(reminder.scheduledAt).toBe('2026-11-25T11:30:00.000Z')
})

test('the export has the tasks without a due date too', async () => {
  const user = await api.signUp()
  await createTask(user, { title: 'Some day', dueDate: null })
  await createTask(user, { title: 'Tomorrow' })
  const exported = (await user.inject('GET', '/api/v1/users/me/export')).json()
  expect(exported.ownedTasks.map(({ title }: { title: string }) => title)).toEqual(['Tomorrow', 'Some day'])
})
