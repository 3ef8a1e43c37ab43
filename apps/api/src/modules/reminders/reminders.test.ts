import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
const url = '/api/v1/reminders'
const dueDate = '2026-11-21T12:00:00.000Z'

let api: TestApp
let ann: TestUser
let taskId: string

beforeAll(async () => {
  api = await buildTestApp({ clock })
  ann = await api.signUp()
  taskId = await makeTask(ann)
})
afterAll(() => api.close())

const makeTask = async (user: TestUser, fields: object = {}): Promise<string> => {
  const response = await user.inject('POST', '/api/v1/tasks', { title: 'Call the dentist', dueDate, ...fields })
  expect(response.statusCode, response.body).toBe(201)
  return response.json().data.task.id
}
const remind = (fields: object, user = ann) => user.inject('POST', url, { taskId, ...fields })
const made = async (fields: object = { offsetMinutes: 30 }, user = ann) => {
  const response = await remind(fields, user)
  expect(response.statusCode, response.body).toBe(201)
  return response.json().data.reminder
}
const mark = (id: string, fields: { status: string; sent_at?: Date; failure_reason?: string }) =>
  api.db.updateTable('reminders').set(fields).where('id', '=', id).execute()
/** Without denied accesses, which are written after the answers. */
const auditOf = (targetId: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('target_id', '=', targetId)
    .where('action', '<>', 'access.denied')
    .orderBy('id')
    .execute()

test('a reminder has a time of its own or an offset from the due date', async () => {
  const absolute = await made({ scheduledAt: '2026-11-20T15:00:00+02:00', type: 'email', message: ' Now! ' })
  expect(absolute).toEqual({
    id: expect.any(String),
    taskId,
    scheduledAt: '2026-11-20T13:00:00.000Z',
    offsetMinutes: null,
    type: 'email',
    message: 'Now!',
    status: 'pending',
    late: false,
    sentAt: null,
    createdAt: '2026-11-20T12:00:00.000Z',
    task: { id: taskId, title: 'Call the dentist', status: 'todo', dueDate },
  })
  const relative = await made({ offsetMinutes: 90 })
  expect(relative).toMatchObject({
    scheduledAt: '2026-11-21T10:30:00.000Z',
    offsetMinutes: 90,
    type: 'both',
    message: null,
  })
  expect((await ann.inject('GET', `${url}/${relative.id}`)).json().data.reminder).toEqual(relative)
  expect(await auditOf(relative.id)).toMatchObject([{ action: 'reminder.created', actor_id: ann.userId, before: null }])
})

test.each([
  ['neither time nor offset', {}, 'body.scheduledAt'],
  ['both', { scheduledAt: dueDate, offsetMinutes: 5 }, 'body.scheduledAt'],
  ['a time that has passed', { scheduledAt: '2026-11-20T11:59:59.999Z' }, 'body.scheduledAt'],
  ['this very moment', { scheduledAt: '2026-11-20T12:00:00.000Z' }, 'body.scheduledAt'],
  ['an offset that leads to the past', { offsetMinutes: 24 * 60 }, 'body.offsetMinutes'],
  ['a negative offset', { offsetMinutes: -5 }, 'body.offsetMinutes'],
  ['half a minute', { offsetMinutes: 0.5 }, 'body.offsetMinutes'],
  ['another type', { offsetMinutes: 5, type: 'sms' }, 'body.type'],
  ['a message of 501 characters', { offsetMinutes: 5, message: 'x'.repeat(501) }, 'body.message'],
  ['an unknown key', { offsetMinutes: 5, userId: 'x' }, 'body.userId'],
])('a reminder with %s is refused, naming the field', async (_name, fields, path) => {
  const response = await remind(fields)
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ error: { code: 'VALIDATION_FAILED', details: [{ path }] } })
})

test('a completed task accepts no reminder: CONFLICT', async () => {
  const done = await makeTask(ann, { status: 'completed' })
  const response = await remind({ taskId: done, offsetMinutes: 5 })
  expect([response.statusCode, response.json().error.code]).toEqual([409, 'CONFLICT'])
})

test('a reminder created while its task is completed is completed or refused, never pending', async () => {
  for (let round = 0; round < 10; round++) {
    const racing = await makeTask(ann)
    const [reminder] = await Promise.all([
      remind({ taskId: racing, offsetMinutes: 5 }),
      ann.inject('PATCH', `/api/v1/tasks/${racing}`, { status: 'completed' }),
    ])
    expect([201, 409]).toContain(reminder.statusCode)
    const { reminders } = (await ann.inject('GET', `/api/v1/tasks/${racing}/reminders`)).json().data
    expect(reminders.map(({ status }: { status: string }) => status)).toEqual(
      reminder.statusCode === 201 ? ['completed'] : [],
    )
  }
})

test('a reminder is visible to its user alone, even where others see the task', async () => {
  const colleague = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  const shared = await makeTask(ann, { assigneeId: colleague.userId })
  const mine = await made({ taskId: shared, offsetMinutes: 5 })
  const theirs = await made({ taskId: shared, offsetMinutes: 6 }, colleague)
  for (const [method, body] of [['GET'], ['PATCH', { status: 'cancelled' }], ['DELETE']] as const) {
    const response = await colleague.inject(method, `${url}/${mine.id}`, body)
    expect([response.statusCode, response.json().error.code]).toEqual([404, 'NOT_FOUND'])
  }
  expect((await colleague.inject('GET', url)).json().data.reminders).toEqual([theirs])
  expect((await colleague.inject('GET', `/api/v1/tasks/${shared}/reminders`)).json().data.reminders).toEqual([theirs])
})

test('reminders of a task that is not visible are NOT_FOUND', async () => {
  const stranger = await api.signUp()
  expect((await remind({ offsetMinutes: 5 }, stranger)).json().error.code).toBe('NOT_FOUND')
  expect((await stranger.inject('GET', `/api/v1/tasks/${taskId}/reminders`)).statusCode).toBe(404)
  expect((await api.connect().inject('GET', url)).json().error.code).toBe('UNAUTHENTICATED')
})

test('one Idempotency-Key creates one reminder; a refused request does not take the key', async () => {
  const send = (fields: object, key = 'key') =>
    ann.inject('POST', url, { taskId, ...fields }, { 'idempotency-key': key })
  const responses = await Promise.all(Array.from({ length: 10 }, () => send({ offsetMinutes: 7 })))
  expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(10).fill(201))
  expect(new Set(responses.map((response) => response.json().data.reminder.id)).size).toBe(1)
  expect((await send({ offsetMinutes: 8 })).json().error.code).toBe('IDEMPOTENCY_MISMATCH')
  expect((await send({ scheduledAt: '2026-11-20T10:00:00.000Z' }, 'other')).statusCode).toBe(400)
  expect((await send({ offsetMinutes: 8 }, 'other')).statusCode).toBe(201)
})

test('an Idempotency-Key whose reminder was deleted creates no second one: CONFLICT', async () => {
  const send = () => ann.inject('POST', url, { taskId, offsetMinutes: 9 }, { 'idempotency-key': 'gone' })
  await ann.inject('DELETE', `${url}/${(await send()).json().data.reminder.id}`)
  const again = await send()
  expect([again.statusCode, again.json().error.code]).toEqual([409, 'CONFLICT'])
  expect(again.json().message).toMatch(/was deleted/)
})

test('the list is ordered by time and filtered by status; its pages contain each reminder once', async () => {
  const user = await api.signUp()
  const own = await makeTask(user)
  const ids: string[] = []
  for (const offsetMinutes of [10, 50, 30, 30, 20]) ids.push((await made({ taskId: own, offsetMinutes }, user)).id)
  await mark(ids[0] as string, { status: 'sent', sent_at: clock.now() })
  const list = async (query: string) => (await user.inject('GET', `${url}?${query}`)).json()
  const all = (await list('')).data.reminders.map(({ id }: { id: string }) => id)
  expect(all).toEqual([ids[1], ids[2], ids[3], ids[4], ids[0]])
  const found: string[] = []
  for (let cursor = ''; ; ) {
    const page = await list(`limit=2${cursor}`)
    found.push(...page.data.reminders.map(({ id }: { id: string }) => id))
    if (page.pagination.nextCursor === null) break
    cursor = `&cursor=${page.pagination.nextCursor}`
  }
  expect(found).toEqual(all)
  expect((await list('status=sent')).data.reminders).toMatchObject([{ id: ids[0], sentAt: clock.now().toISOString() }])
  expect((await list('status=sent,pending')).data.reminders).toHaveLength(5)
  expect((await list('status=gone')).error.details).toMatchObject([{ path: 'query.status' }])
  expect((await list('cursor=x')).error.details).toMatchObject([{ path: 'query.cursor' }])
})

test('the list is limited to a range of times, both ends included, in every order', async () => {
  const user = await api.signUp()
  const own = await makeTask(user)
  const ids: string[] = []
  for (const time of ['13:00', '14:00', '15:00', '16:00'])
    ids.push((await made({ taskId: own, scheduledAt: `2026-11-20T${time}:00.000Z` }, user)).id)
  const found = async (query: string) =>
    (await user.inject('GET', `${url}?${query}`)).json().data.reminders.map(({ id }: { id: string }) => id)
  const [from, to] = ['from=2026-11-20T14:00:00Z', 'to=2026-11-20T16:00:00%2B01:00']
  expect(await found(`${from}&${to}`)).toEqual([ids[1], ids[2]])
  expect(await found(from)).toEqual([ids[1], ids[2], ids[3]])
  expect(await found(to)).toEqual([ids[0], ids[1], ids[2]])
  expect(await found(`${from}&${to}&sort=-createdAt`)).toEqual([ids[2], ids[1]])
  const first = (await user.inject('GET', `${url}?${from}&${to}&limit=1`)).json()
  expect(await found(`${from}&${to}&limit=1&cursor=${first.pagination.nextCursor}`)).toEqual([ids[2]])
  const reversed = await user.inject('GET', `${url}?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z`)
  expect(reversed.json().error.details).toMatchObject([{ path: 'query.to', code: 'BEFORE' }])
})

test('a pending reminder can be moved and is claimed again; a sent one cannot', async () => {
  const { id } = await made({ offsetMinutes: 30 })
  await api.db.updateTable('reminders').set({ handed_at: clock.now() }).where('id', '=', id).execute()
  const patch = (fields: object) => ann.inject('PATCH', `${url}/${id}`, fields)
  const moved = await patch({ scheduledAt: '2026-11-20T14:00:00.000Z', message: 'Sooner' })
  expect(moved.json().data.reminder).toMatchObject({
    scheduledAt: '2026-11-20T14:00:00.000Z',
    offsetMinutes: null,
    message: 'Sooner',
  })
  const row = await api.db.selectFrom('reminders').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  expect(row.handed_at).toBeNull()
  expect((await patch({ offsetMinutes: 15 })).json().data.reminder.scheduledAt).toBe('2026-11-21T11:45:00.000Z')
  expect((await patch({ scheduledAt: '2026-11-20T11:00:00.000Z' })).json().error.code).toBe('VALIDATION_FAILED')
  expect((await patch({})).json().error.code).toBe('VALIDATION_FAILED')
  await mark(id, { status: 'sent', sent_at: clock.now() })
  expect((await patch({ offsetMinutes: 5 })).json().error.code).toBe('CONFLICT')
  expect((await auditOf(id)).map(({ action }) => action)).toEqual([
    'reminder.created',
    'reminder.updated',
    'reminder.updated',
  ])
})

test('a failed reminder is pending again when its user moves it', async () => {
  const { id } = await made({ offsetMinutes: 30 })
  await mark(id, { status: 'failed', failure_reason: 'missed' })
  const moved = await ann.inject('PATCH', `${url}/${id}`, { offsetMinutes: 60 })
  expect(moved.json().data.reminder).toMatchObject({ status: 'pending', scheduledAt: '2026-11-21T11:00:00.000Z' })
  const row = await api.db.selectFrom('reminders').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  expect(row).toMatchObject({ handed_at: null, failure_reason: null })
})

test('a reminder can be completed or cancelled, and stays so', async () => {
  const { id } = await made()
  const patch = (status: string) => ann.inject('PATCH', `${url}/${id}`, { status })
  expect((await patch('completed')).json().data.reminder.status).toBe('completed')
  expect((await patch('completed')).statusCode).toBe(200)
  expect((await patch('cancelled')).json().error.code).toBe('CONFLICT')
  expect((await patch('sent')).json().error.code).toBe('VALIDATION_FAILED')
})

test('a deleted reminder is NOT_FOUND, and its deletion is audited', async () => {
  const reminder = await made()
  const response = await ann.inject('DELETE', `${url}/${reminder.id}`)
  expect(response.json().data.reminder).toEqual(reminder)
  expect((await ann.inject('GET', `${url}/${reminder.id}`)).statusCode).toBe(404)
  expect((await auditOf(reminder.id)).at(-1)).toMatchObject({ action: 'reminder.deleted', before: { id: reminder.id } })
})
