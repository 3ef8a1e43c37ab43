import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { attachTo } from '../attachments/testing/upload-fixtures.ts'
import { createTask, signUpColleague, tasksUrl, tomorrow } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))

let api: TestApp
let admin: TestUser
let colleague: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  await api.listen()
  admin = await api.signUp()
  colleague = await signUpColleague(api, admin)
})
afterAll(() => api.close())

const rename = async (user: TestUser, name: string) => {
  expect((await user.inject('PATCH', '/api/v1/users/me', { name })).statusCode).toBe(200)
}
const remind = async (user: TestUser, taskId: string) =>
  dataOf(await user.inject('POST', '/api/v1/reminders', { taskId, offsetMinutes: 5 })).reminder
const urlOf = ({ id }: { id: string }) => `${tasksUrl}/${id}`
const read = (user: TestUser, task: { id: string }, tag = '') =>
  user.inject('GET', urlOf(task), undefined, tag ? { 'if-none-match': tag } : {})

test('every answer with a task names its users and has its attachments and own reminders', async () => {
  await rename(admin, 'Ann Admin')
  await rename(colleague, 'Bob Colleague')
  const created = await createTask(admin, { assigneeId: colleague.userId })
  expect(created).toMatchObject({
    owner: { id: admin.userId, name: 'Ann Admin', avatarUrl: null },
    assignee: { id: colleague.userId, name: 'Bob Colleague', avatarUrl: null },
    attachments: [],
    reminders: [],
  })
  expect(Object.keys(created.owner).sort()).toEqual(['avatarUrl', 'id', 'name', 'username'])

  const file = await attachTo({ user: admin, task: created.id }, 'notes.txt', 'buy soil')
  const { task: summary, ...own } = await remind(admin, created.id)
  expect(summary).toEqual({ id: created.id, title: created.title, status: 'todo', dueDate: tomorrow })
  await remind(colleague, created.id)
  const single = dataOf(await read(admin, created)).task
  expect(single).toMatchObject({ attachments: [{ id: file.id }], reminders: [own] })
  const [listed] = dataOf(await admin.inject('GET', `${tasksUrl}?assigneeId=${colleague.userId}`)).tasks
  expect(listed).toEqual(single)
  const unchanged = dataOf(await admin.inject('PATCH', urlOf(created), { title: created.title })).task
  expect(unchanged).toEqual(single)
  const changed = dataOf(await admin.inject('PATCH', urlOf(created), { title: 'Water them all' })).task
  expect(changed).toEqual({ ...single, title: 'Water them all', version: 2 })
  expect(dataOf(await admin.inject('DELETE', urlOf(created))).task).toEqual(changed)
})

test('a replayed creation answers with the task as it is now, names and files included', async () => {
  const key = { 'idempotency-key': 'replayed-task' }
  const create = async () => dataOf(await admin.inject('POST', tasksUrl, { title: 'Once' }, key)).task
  const task = await create()
  await attachTo({ user: admin, task: task.id }, 'notes.txt', 'buy soil')
  expect(await create()).toEqual(dataOf(await read(admin, task)).task)
})

test('an assignee who gives a task back still gets it in the answer, and no longer after it', async () => {
  const task = await createTask(admin, { assigneeId: colleague.userId })
  const answer = await colleague.inject('PATCH', urlOf(task), { assigneeId: null })
  expect(dataOf(answer).task).toMatchObject({ id: task.id, assignee: null, assigneeId: null })
  expect((await read(colleague, task)).statusCode).toBe(404)
})

test('If-None-Match answers 304 until anything in the answer changes', async () => {
  const task = await createTask(admin, { assigneeId: colleague.userId })
  let tag = ''
  const isChanged = async () => {
    const known = await read(admin, task, tag)
    const next = await read(admin, task)
    tag = String(next.headers.etag)
    if (known.statusCode !== 304) return true
    expect([known.body, known.headers.etag]).toEqual(['', tag])
    return false
  }
  expect(await isChanged()).toBe(true)
  expect(await isChanged()).toBe(false)
  const changes: Record<string, () => Promise<unknown>> = {
    attachment: () => attachTo({ user: admin, task: task.id }, 'notes.txt', 'buy soil'),
    'status of an attachment': () =>
      api.db.updateTable('attachments').set({ status: 'processing' }).where('task_id', '=', task.id).execute(),
    reminder: () => remind(admin, task.id),
    'name of the assignee': () => rename(colleague, 'Robert'),
    field: () => admin.inject('PATCH', urlOf(task), { priority: 'high' }),
  }
  for (const [what, change] of Object.entries(changes)) {
    await change()
    expect(await isChanged(), what).toBe(true)
    expect(await isChanged(), what).toBe(false)
  }
  expect((await read(admin, task, `W/${tag}`)).statusCode).toBe(304)
  expect((await read(colleague, task, tag)).statusCode).toBe(200)
})

test('If-Match takes the ETag of a GET or of a change, and an attachment does not make it stale', async () => {
  const task = await createTask(admin)
  const tag = String((await read(admin, task)).headers.etag)
  await attachTo({ user: admin, task: task.id }, 'notes.txt', 'buy soil')
  const edit = (title: string, ifMatch: string) =>
    admin.inject('PATCH', urlOf(task), { title }, { 'if-match': ifMatch })
  const edited = await edit('By the tag of a GET', tag)
  expect([edited.statusCode, edited.headers.etag]).toEqual([200, '"v2"'])
  expect((await edit('Stale', tag)).json().error.code).toBe('STALE')
  expect((await edit('By the tag of a change', '"v2"')).statusCode).toBe(200)
})

test('a reminder whose task its user no longer sees does not tell about the task', async () => {
  const task = await createTask(admin, { title: 'Secret', assigneeId: colleague.userId })
  const { id } = await remind(colleague, task.id)
  await admin.inject('PATCH', urlOf(task), { assigneeId: null, title: 'More secret' })
  const answer = await colleague.inject('GET', `/api/v1/reminders/${id}`)
  expect(dataOf(answer).reminder).toMatchObject({ status: 'cancelled', task: null })
  const list = await colleague.inject('GET', '/api/v1/reminders?status=cancelled')
  expect([answer.body, list.body].join()).not.toContain('ecret')
})
