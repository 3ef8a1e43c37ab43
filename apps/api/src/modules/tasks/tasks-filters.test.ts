import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, signUpColleague, tasksUrl, titlesOf } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
const minuteMs = 60_000

let api: TestApp
let admin: TestUser
let colleague: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  admin = await api.signUp()
  colleague = await signUpColleague(api, admin)
  await createTask(admin, { title: 'A for colleague', assigneeId: colleague.userId, category: 'Work' })
  await createTask(admin, { title: 'B for me', assigneeId: admin.userId, category: 'Home', dueDate: null })
  await createTask(admin, { title: 'C for nobody', dueDate: '2026-11-20T11:59:59.999Z' })
  await createTask(colleague, { title: 'D by colleague', category: 'Work', dueDate: '2026-11-20T12:00:00.000Z' })
  await createTask(admin, { title: 'E done', status: 'completed', dueDate: '2026-11-01T12:00:00.000Z' })
})
afterAll(() => api.close())

const find = async (user: TestUser, query: string) =>
  titlesOf(await user.inject('GET', `${tasksUrl}?sort=title&${query}`)).map((title) => title[0])

test.each([
  ['assigneeId=me', 'B'],
  ['assigneeId=none', 'CDE'],
  ['assigneeId=me,none', 'BCDE'],
  ['assigneeId=COLLEAGUE', 'A'],
  ['assigneeId=none,COLLEAGUE', 'ACDE'],
  ['ownerId=me', 'ABCE'],
  ['ownerId=COLLEAGUE', 'D'],
  ['ownerId=me,COLLEAGUE', 'ABCDE'],
  ['overdue=true', 'C'],
  ['overdue=false', 'ABDE'],
  ['hasDueDate=false', 'B'],
  ['hasDueDate=true', 'ACDE'],
  ['category=', 'CE'],
  ['category=,Home', 'BCE'],
  ['category=Work', 'AD'],
  ['category=&assigneeId=none&status=todo', 'C'],
])('tasks that match %s are found: %s', async (query, expected) => {
  expect(await find(admin, query.replace('COLLEAGUE', colleague.userId.toUpperCase()))).toEqual([...expected])
  const byDueDate = await admin.inject('GET', `${tasksUrl}?${query.replace('COLLEAGUE', colleague.userId)}`)
  expect(titlesOf(byDueDate).length).toBe(expected.length)
  expect(byDueDate.json().pagination.total).toBe(expected.length)
})

test('me is the caller, and no filter shows a task that the caller may not see', async () => {
  expect(await find(colleague, 'assigneeId=me')).toEqual(['A'])
  expect(await find(colleague, 'ownerId=me')).toEqual(['D'])
  expect(await find(colleague, 'assigneeId=none')).toEqual(['D'])
  expect(await find(colleague, `ownerId=${admin.userId}`)).toEqual(['A'])
  expect(await find(await api.signUp(), `ownerId=${admin.userId}&category=`)).toEqual([])
})

test.each([
  ['assigneeId=nobody', 'query.assigneeId'],
  ['assigneeId=', 'query.assigneeId'],
  ['ownerId=none', 'query.ownerId'],
  ['overdue=1', 'query.overdue'],
  ['overdue=', 'query.overdue'],
  ['hasDueDate=no', 'query.hasDueDate'],
  ['hasDueDate=false&overdue=true', 'query.hasDueDate'],
  ['hasDueDate=false&dueTo=2026-11-20T12:00:00Z', 'query.hasDueDate'],
  ['updatedSince=yesterday', 'query.updatedSince'],
])('the filter %s is refused, naming %s', async (query, path) => {
  const { error } = (await admin.inject('GET', `${tasksUrl}?${query}`)).json()
  expect(error).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path: expect.stringContaining(path) }] })
})

test('updatedSince finds what was created or changed at that moment or later', async () => {
  const user = await api.signUp()
  const [first] = [await createTask(user, { title: 'First' }), await createTask(user, { title: 'Second' })]
  clock.advance(minuteMs)
  const since = clock.now().toISOString()
  const changed = async (query = '') =>
    titlesOf(await user.inject('GET', `${tasksUrl}?sort=-updatedAt&updatedSince=${since}${query}`))
  expect(await changed()).toEqual([])
  await createTask(user, { title: 'Third' })
  clock.advance(minuteMs)
  await user.inject('PATCH', `${tasksUrl}/${first.id}`, { priority: 'high' })
  expect(await changed()).toEqual(['First', 'Third'])
  expect(await changed('&limit=1')).toEqual(['First'])
})

test('categories of the visible tasks are counted, each task once, and null for none', async () => {
  const read = async (user: TestUser) => dataOf(await user.inject('GET', `${tasksUrl}/categories`)).categories
  const boss = await api.signUp()
  const member = await signUpColleague(api, boss)
  expect(await read(boss)).toEqual([])
  await createTask(boss, { category: 'Work', assigneeId: boss.userId })
  await createTask(boss, { category: 'Work', assigneeId: member.userId })
  await createTask(boss, { category: 'Home' })
  await createTask(member, { category: null, assigneeId: member.userId })
  await createTask(await api.signUp(), { category: 'Foreign' })
  expect(await read(boss)).toEqual([
    { category: 'Work', count: 2 },
    { category: 'Home', count: 1 },
    { category: null, count: 1 },
  ])
  expect(await read(member)).toEqual([
    { category: 'Work', count: 1 },
    { category: null, count: 1 },
  ])
  expect(await read(await api.signUp({ role: 'super_admin' }))).toEqual([])
})

test('reminders are filtered by task and sorted both ways, page by page', async () => {
  const user = await api.signUp()
  const [one, other] = [await createTask(user), await createTask(user)]
  for (const [task, offsetMinutes] of [
    [one, 5],
    [one, 20],
    [other, 10],
  ]) {
    clock.advance(minuteMs)
    await user.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes })
  }
  const list = async (query: string) => {
    const found: number[] = []
    for (let next = ''; next !== 'end'; ) {
      const response = await user.inject('GET', `/api/v1/reminders?limit=1&${query}${next}`)
      expect(response.statusCode, response.body).toBe(200)
      const { data, pagination } = response.json()
      found.push(...data.reminders.map(({ offsetMinutes }: { offsetMinutes: number }) => offsetMinutes))
      next = pagination.nextCursor === null ? 'end' : `&cursor=${pagination.nextCursor}`
    }
    return found
  }
  expect(await list('')).toEqual([20, 10, 5])
  expect(await list('sort=-scheduledAt')).toEqual([5, 10, 20])
  expect(await list('sort=createdAt')).toEqual([5, 20, 10])
  expect(await list('sort=-createdAt')).toEqual([10, 20, 5])
  expect(await list(`taskId=${one.id.toUpperCase()}`)).toEqual([20, 5])
  expect(await list(`taskId=${one.id}&sort=-scheduledAt&status=pending`)).toEqual([5, 20])
  const { nextCursor } = (await user.inject('GET', '/api/v1/reminders?limit=1')).json().pagination
  for (const wrong of [`sort=createdAt&cursor=${nextCursor}`, 'sort=title', 'taskId=me'])
    expect((await user.inject('GET', `/api/v1/reminders?${wrong}`)).statusCode).toBe(400)
})
