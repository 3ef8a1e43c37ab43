import { eventually, manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, signUpColleague, tasksUrl } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

/** Signs up an admin and two members of their organization, who want mails of general notifications. */
async function signUpTeam() {
  const owner = await api.signUp({ timezone: 'Europe/Vienna' })
  const [one, other] = [await signUpColleague(api, owner), await signUpColleague(api, owner)]
  for (const user of [owner, one, other])
    await user.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: { email: true } } })
  await owner.inject('PATCH', '/api/v1/users/me', { name: 'Olga Owner' })
  return { owner, one, other }
}

const change = (user: TestUser, task: { id: string }, fields: object) =>
  user.inject('PATCH', `${tasksUrl}/${task.id}`, fields)
const noticesOf = async (user: TestUser) =>
  dataOf(await user.inject('GET', '/api/v1/notifications')).notifications.toReversed()
const messagesOf = async (user: TestUser): Promise<string[]> =>
  (await noticesOf(user)).map(({ message }: { message: string }) => message)
const mailsTo = (user: TestUser) =>
  api.db.selectFrom('email_messages').selectAll().where('to_address', '=', user.email).orderBy('id').execute()

test('an assignee is told of a task that is created for them or given to them, by mail too', async () => {
  const { owner, one, other } = await signUpTeam()
  const task = await createTask(owner, { title: 'Water', assigneeId: one.userId })
  const [notice, ...more] = await noticesOf(one)
  expect(more).toEqual([])
  expect(notice).toMatchObject({
    type: 'general',
    title: 'Task assigned to you',
    message: 'Olga Owner assigned “Water” to you.',
    taskId: task.id,
    data: { event: 'taskAssigned', byId: owner.userId, taskId: task.id },
    actor: { id: owner.userId, name: 'Olga Owner' },
  })
  expect(await mailsTo(one)).toMatchObject([
    { template: 'task-assignment', notification_id: notice.id, data: { kind: 'assigned', changedBy: 'Olga Owner' } },
  ])
  await change(owner, task, { assigneeId: other.userId })
  expect(await messagesOf(one)).toEqual([notice.message, '“Water” is no longer assigned to you.'])
  expect(await messagesOf(other)).toEqual(['Olga Owner assigned “Water” to you.'])
  expect((await noticesOf(one)).at(-1)).toMatchObject({ taskId: null, data: { event: 'taskUnassigned', count: 1 } })
  expect(await messagesOf(owner)).toEqual([])
})

test('an assignee is told of a new due date in their timezone, unless the task is completed', async () => {
  const { owner } = await signUpTeam()
  const assignee = await api.signUp({
    role: 'client_user',
    organizationId: owner.organizationId as string,
    timezone: 'Asia/Tokyo',
  })
  const task = await createTask(owner, { title: 'Water', assigneeId: assignee.userId })
  await change(owner, task, { dueDate: '2026-11-25T20:30:00.000Z' })
  await change(owner, task, { dueDate: null, priority: 'high' })
  await change(owner, task, { title: 'Water them' })
  await change(owner, task, { status: 'completed', dueDate: '2026-11-26T12:00:00.000Z' })
  await change(owner, task, { dueDate: '2026-11-27T12:00:00.000Z' })
  expect((await messagesOf(assignee)).slice(1)).toEqual([
    '“Water” is now due on 26 November 2026 at 05:30.',
    '“Water” has no due date any more.',
  ])
})

test('the newest notice is true after an assignment or a due date went back and forth', async () => {
  const { owner, one } = await signUpTeam()
  const task = await createTask(owner, { title: 'Water', assigneeId: one.userId })
  const there = { dueDate: '2026-11-25T20:30:00.000Z' }
  const steps = [{ assigneeId: null }, { assigneeId: one.userId }, there, { dueDate: null }, there, { priority: 'low' }]
  for (const fields of steps) await change(owner, task, fields)
  const assigned = 'Olga Owner assigned “Water” to you.'
  expect(await messagesOf(one)).toEqual([
    assigned,
    '“Water” is no longer assigned to you.',
    assigned,
    expect.stringContaining(' is now due on 25 November 2026 '),
    '“Water” has no due date any more.',
    expect.stringContaining(' is now due on 25 November 2026 '),
  ])
  expect(await mailsTo(one)).toHaveLength(6)
})

test('nobody is told of their own act', async () => {
  const { owner, one } = await signUpTeam()
  const own = await createTask(owner, { assigneeId: owner.userId })
  await change(owner, own, { dueDate: null, assigneeId: null })
  await owner.inject('DELETE', `${tasksUrl}/${own.id}`)
  const given = await createTask(one, { assigneeId: one.userId })
  await change(one, given, { dueDate: null })
  const shared = await createTask(owner, { title: 'Shared', assigneeId: one.userId })
  await change(one, shared, { dueDate: '2026-12-01T12:00:00.000Z' })
  await change(one, shared, { assigneeId: null })
  expect(await messagesOf(owner)).toEqual([])
  expect(await messagesOf(one)).toEqual(['Olga Owner assigned “Shared” to you.'])
})

test('an assignee is told of a deleted task; the owner is told who completed theirs', async () => {
  const { owner, one } = await signUpTeam()
  const task = await createTask(owner, { title: 'Water', assigneeId: one.userId })
  await one.inject('PATCH', '/api/v1/users/me', { name: 'Bert' })
  await change(one, task, { status: 'completed' })
  await change(owner, task, { status: 'todo' })
  await change(owner, task, { status: 'completed' })
  expect(await messagesOf(owner)).toEqual(['Bert completed: Water', 'You completed: Water'])
  expect((await mailsTo(owner)).map(({ data }) => data)).toMatchObject([{ completedBy: 'Bert' }, { completedBy: null }])
  await owner.inject('DELETE', `${tasksUrl}/${task.id}`)
  expect((await noticesOf(one)).at(-1)).toMatchObject({
    title: 'Task deleted',
    message: '“Water”, which was assigned to you, was deleted.',
    taskId: null,
    data: { event: 'taskDeleted', byId: owner.userId, taskId: task.id },
  })
  expect((await mailsTo(one)).at(-1)).toMatchObject({ data: { kind: 'deleted', taskTitle: 'Water' } })
})

test('a refused or repeated request tells nobody', async () => {
  const { owner, one } = await signUpTeam()
  const stranger = await api.signUp()
  const foreign = await owner.inject('POST', tasksUrl, { title: 'Foreign', assigneeId: stranger.userId })
  expect(foreign.statusCode).toBe(400)
  const key = { 'idempotency-key': 'assigned-once' }
  const create = () => owner.inject('POST', tasksUrl, { title: 'Once', assigneeId: one.userId }, key)
  const answers = await Promise.all(Array.from({ length: 5 }, create))
  expect(new Set(answers.map((answer) => dataOf(answer).task.id)).size).toBe(1)
  const task = dataOf(await create()).task
  await owner.inject('PATCH', `${tasksUrl}/${task.id}`, { assigneeId: null }, { 'if-match': '"v9"' })
  await change(owner, task, { assigneeId: one.userId })
  expect(await messagesOf(one)).toEqual(['Olga Owner assigned “Once” to you.'])
  expect(await messagesOf(stranger)).toEqual([])
})

test('of concurrent reassignments each user is told the truth once, in the transaction of the change', async () => {
  const { owner, one, other } = await signUpTeam()
  const task = await createTask(owner, { title: 'Hot', assigneeId: one.userId })
  const answers = await Promise.all(Array.from({ length: 6 }, () => change(owner, task, { assigneeId: other.userId })))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(6).fill(200))
  expect(await messagesOf(one)).toEqual(['Olga Owner assigned “Hot” to you.', '“Hot” is no longer assigned to you.'])
  expect(await messagesOf(other)).toEqual(['Olga Owner assigned “Hot” to you.'])
})

test('members are told once which tasks a leaving or removed member takes from them', async () => {
  const { owner, one, other } = await signUpTeam()
  await createTask(one, { title: 'First', assigneeId: other.userId })
  await createTask(one, { title: 'Second', assigneeId: other.userId })
  await createTask(one, { title: 'Own', assigneeId: one.userId })
  await createTask(owner, { title: 'Given', assigneeId: one.userId })
  const removed = await owner.inject('DELETE', `/api/v1/organization/members/${one.userId}`)
  expect(removed.statusCode, removed.body).toBe(200)
  expect((await noticesOf(other)).at(-1)).toMatchObject({
    message: '“First” and 1 more task are no longer assigned to you.',
    data: { event: 'taskUnassigned', count: 2, byId: owner.userId },
  })
  await eventually(async () => expect((await messagesOf(one)).at(-1)).toBe('“Given” is no longer assigned to you.'))

  await createTask(owner, { title: 'Last', assigneeId: other.userId })
  const left = await other.inject('DELETE', `/api/v1/organization/members/${other.userId}`)
  expect(left.statusCode).toBe(200)
  await eventually(async () => expect((await messagesOf(other)).at(-1)).toBe('Olga Owner assigned “Last” to you.'))
})

test('an assignee who wants neither app nor mail gets neither', async () => {
  const { owner, one } = await signUpTeam()
  const off = { general: { inApp: false, email: false } }
  await one.inject('PUT', '/api/v1/users/me/preferences', { notifications: off })
  await createTask(owner, { assigneeId: one.userId })
  expect(await noticesOf(one)).toEqual([])
  expect(await mailsTo(one)).toEqual([])
})
