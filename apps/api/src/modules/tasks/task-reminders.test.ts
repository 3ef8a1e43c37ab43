import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, signUpColleague, tasksUrl } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))

let api: TestApp
let ann: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  ann = await api.signUp()
})
afterAll(() => api.close())

test('a new due date moves the reminders with an offset, and no others', async () => {
  const task = await createTask(ann)
  const remind = async (fields: object) =>
    (await ann.inject('POST', '/api/v1/reminders', { taskId: task.id, ...fields })).json().data.reminder
  const relative = await remind({ offsetMinutes: 30 })
  const absolute = await remind({ scheduledAt: '2026-11-21T08:00:00.000Z' })
  await api.db.updateTable('reminders').set({ handed_at: clock.now() }).where('task_id', '=', task.id).execute()
  await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { dueDate: '2026-11-25T12:00:00.000Z' })
  const rows = await api.db.selectFrom('reminders').selectAll().where('task_id', '=', task.id).execute()
  expect(rows.find(({ id }) => id === relative.id)).toMatchObject({
    scheduled_at: new Date('2026-11-25T11:30:00.000Z'),
    handed_at: null,
  })
  expect(rows.find(({ id }) => id === absolute.id)).toMatchObject({
    scheduled_at: new Date('2026-11-21T08:00:00.000Z'),
    handed_at: clock.now(),
  })
})

test('a due date in the past moves its reminders there and leaves them to the worker', async () => {
  const task = await createTask(ann)
  const body = { taskId: task.id, offsetMinutes: 30 }
  const { id } = (await ann.inject('POST', '/api/v1/reminders', body)).json().data.reminder
  await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { dueDate: '2026-11-20T12:10:00.000Z' })
  expect((await ann.inject('GET', `/api/v1/reminders/${id}`)).json().data.reminder).toMatchObject({
    scheduledAt: '2026-11-20T11:40:00.000Z',
    status: 'pending',
  })
})

test('a missed reminder is pending again when a new due date puts it into the future', async () => {
  const task = await createTask(ann)
  const body = { taskId: task.id, offsetMinutes: 30 }
  const { id } = (await ann.inject('POST', '/api/v1/reminders', body)).json().data.reminder
  const move = (dueDate: string) => ann.inject('PATCH', `${tasksUrl}/${task.id}`, { dueDate })
  const read = async () => (await ann.inject('GET', `/api/v1/reminders/${id}`)).json().data.reminder
  const fail = (reason: string) =>
    api.db.updateTable('reminders').set({ status: 'failed', failure_reason: reason }).where('id', '=', id).execute()
  await move('2020-11-21T12:00:00.000Z')
  await fail('missed')
  await move('2020-11-22T12:00:00.000Z')
  expect(await read()).toMatchObject({ status: 'failed', scheduledAt: '2020-11-21T11:30:00.000Z' })
  await move('2026-11-22T12:00:00.000Z')
  expect(await read()).toMatchObject({ status: 'pending', scheduledAt: '2026-11-22T11:30:00.000Z' })
  await fail('missed')
  await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { status: 'completed', dueDate: '2026-11-24T12:00:00.000Z' })
  expect(await read()).toMatchObject({ status: 'failed', scheduledAt: '2026-11-22T11:30:00.000Z' })
  await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { status: 'todo' })
  await fail('account inactive')
  await move('2026-11-23T12:00:00.000Z')
  expect(await read()).toMatchObject({ status: 'failed', scheduledAt: '2026-11-22T11:30:00.000Z' })
})

test('a user who is no longer assigned is no longer reminded', async () => {
  const admin = await api.signUp()
  const [eve, bob] = [await signUpColleague(api, admin), await signUpColleague(api, admin)]
  const task = await createTask(admin, { assigneeId: eve.userId })
  const ids = await Promise.all(
    [eve, admin].map(async (user) => {
      const answer = await user.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes: 30 })
      return answer.json().data.reminder.id as string
    }),
  )
  expect((await eve.inject('GET', '/api/v1/analytics')).json().data.upcomingReminders).toBe(1)
  await admin.inject('PATCH', `${tasksUrl}/${task.id}`, { assigneeId: bob.userId, dueDate: '2026-11-30T12:00:00.000Z' })
  const [eves, admins] = [
    await eve.inject('GET', `/api/v1/reminders/${ids[0]}`),
    await admin.inject('GET', `/api/v1/reminders/${ids[1]}`),
  ].map((answer) => answer.json().data.reminder)
  expect(eves).toMatchObject({ status: 'cancelled', scheduledAt: '2026-11-21T11:30:00.000Z' })
  expect(admins).toMatchObject({ status: 'pending', scheduledAt: '2026-11-30T11:30:00.000Z' })
  expect((await eve.inject('GET', '/api/v1/analytics')).json().data.upcomingReminders).toBe(0)
})
