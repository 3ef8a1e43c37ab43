import { eventually, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, signUpColleague, tasksUrl, titlesOf, tomorrow } from './testing/tasks-fixtures.ts'

const clock = manualClock(new Date('2026-11-20T12:00:00.000Z'))
const hourMs = 3_600_000

let api: TestApp
let ann: TestUser

beforeAll(async () => {
  api = await buildTestApp({ clock })
  ann = await api.signUp()
})
afterAll(() => api.close())

/** Without denied accesses, which are written after the answers. */
const auditOf = (targetId: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('target_id', '=', targetId)
    .where('action', '<>', 'access.denied')
    .orderBy('id')
    .execute()

test('a new task has defaults, an ETag and an audit event with its origin', async () => {
  const headers = { 'user-agent': 'test-agent' }
  const response = await ann.inject(
    'POST',
    tasksUrl,
    { title: '  Water the plants ', dueDate: '2026-11-21T14:00:00+02:00' },
    headers,
  )
  expect(response.statusCode).toBe(201)
  expect(response.headers.etag).toBe('"v1"')
  const { task } = response.json().data
  const requestId = response.headers['x-request-id']
  expect(task).toEqual({
    id: expect.any(String),
    ownerId: ann.userId,
    assigneeId: null,
    organizationId: ann.organizationId,
    title: 'Water the plants',
    description: null,
    dueDate: tomorrow,
    priority: 'medium',
    category: null,
    status: 'todo',
    link: null,
    completedAt: null,
    version: 1,
    createdAt: '2026-11-20T12:00:00.000Z',
    updatedAt: '2026-11-20T12:00:00.000Z',
    owner: { id: ann.userId, username: expect.any(String), name: expect.any(String), avatarUrl: null },
    assignee: null,
    attachments: [],
    reminders: [],
  })
  expect(await auditOf(task.id)).toMatchObject([
    {
      action: 'task.created',
      actor_id: ann.userId,
      target_type: 'task',
      ip: '127.0.0.1',
      user_agent: 'test-agent',
      request_id: requestId,
      before: null,
      after: { title: 'Water the plants' },
    },
  ])
  const read = await ann.inject('GET', `${tasksUrl}/${task.id}`)
  expect(read.json().data.task).toEqual(task)
})

test.each([
  ['no title', { dueDate: tomorrow }, 'body.title'],
  ['a title of two characters', { title: '😀a', dueDate: tomorrow }, 'body.title'],
  ['a title of 201 characters', { title: 'x'.repeat(201), dueDate: tomorrow }, 'body.title'],
  ['a title with NUL', { title: 'abc\0def', dueDate: tomorrow }, 'body.title'],
  ['a title that reverses the text after it', { title: 'invoice\u202Efdp.exe', dueDate: tomorrow }, 'body.title'],
  ['a title with half a character', { title: 'abc\ud800def', dueDate: tomorrow }, 'body.title'],
  ['a title of two lines', { title: 'abc\ndef', dueDate: tomorrow }, 'body.title'],
  ['an invisible title', { title: '\u200b\u200d\u2060\u3164', dueDate: tomorrow }, 'body.title'],
  ['a category with half a character', { title: 'Valid', dueDate: tomorrow, category: '\udc00' }, 'body.category'],
  ['a description with BEL', { title: 'Valid', dueDate: tomorrow, description: 'a\x07' }, 'body.description'],
  ['an empty due date', { title: 'Valid', dueDate: '' }, 'body.dueDate'],
  ['a due date without a zone', { title: 'Valid', dueDate: '2026-11-21T12:00:00' }, 'body.dueDate'],
  ['a due date after the year 9999', { title: 'Valid', dueDate: '9999-12-31T23:59:59-23:59' }, 'body.dueDate'],
  ['another priority', { title: 'Valid', dueDate: tomorrow, priority: 'urgent' }, 'body.priority'],
  ['another status', { title: 'Valid', dueDate: tomorrow, status: 'done' }, 'body.status'],
  ['a long category', { title: 'Valid', dueDate: tomorrow, category: 'x'.repeat(51) }, 'body.category'],
  ['a long description', { title: 'Valid', dueDate: tomorrow, description: 'x'.repeat(1001) }, 'body.description'],
  ['a link that reverses text', { title: 'Valid', dueDate: tomorrow, link: 'https://x.y/\u202eabc' }, 'body.link'],
  ['a link without a host', { title: 'Valid', dueDate: tomorrow, link: 'https:///x.y' }, 'body.link'],
  ['a link to no domain', { title: 'Valid', dueDate: tomorrow, link: 'https://xn--.com' }, 'body.link'],
  ['a link that runs code code', { title: 'Valid', dueDate: tomorrow, link: 'javascript:alert(1)' }, 'body.link'],
  ['a link with half a character', { title: 'Valid', dueDate: tomorrow, link: 'https://a.test/\ud800' }, 'body.link'],
  ['a link with NUL', { title: 'Valid', dueDate: tomorrow, link: 'https://a.test/\0' }, 'body.link'],
  ['an assignee that is no id', { title: 'Valid', dueDate: tomorrow, assigneeId: 'me' }, 'body.assigneeId'],
  ['an unknown key', { title: 'Valid', dueDate: tomorrow, ownerId: 'x' }, 'body.ownerId'],
])('a task with %s is refused, naming the field', async (_name, body, path) => {
  const response = await ann.inject('POST', tasksUrl, body)
  expect(response.statusCode).toBe(400)
  expect(response.json()).toMatchObject({ success: false, error: { code: 'VALIDATION_FAILED', details: [{ path }] } })
})

test('lengths count whole characters: 200 emoji are a title', async () => {
  const title = '😀'.repeat(200)
  expect((await createTask(ann, { title })).title).toBe(title)
  expect((await ann.inject('POST', tasksUrl, { title: `${title}a`, dueDate: tomorrow })).statusCode).toBe(400)
})

test('a body that is not JSON, too large or of another type has its own error code', async () => {
  const json = { 'content-type': 'application/json' }
  expect((await ann.inject('POST', tasksUrl, '{"title":', json)).json().error.code).toBe('MALFORMED_JSON')
  const large = JSON.stringify({ title: 'x'.repeat(1024 * 1024) })
  expect((await ann.inject('POST', tasksUrl, large, json)).json().error.code).toBe('BODY_TOO_LARGE')
  const xml = await ann.inject('POST', tasksUrl, '<task/>', { 'content-type': 'application/xml' })
  expect([xml.statusCode, xml.json().error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
})

test('a request without a session is UNAUTHENTICATED; another method, METHOD_NOT_ALLOWED', async () => {
  const anybody = api.connect()
  expect((await anybody.inject('GET', tasksUrl)).json().error.code).toBe('UNAUTHENTICATED')
  expect((await anybody.inject('POST', tasksUrl, {})).statusCode).toBe(401)
  const response = await ann.inject('PUT', tasksUrl, {})
  expect([response.statusCode, response.json().error.code]).toEqual([405, 'METHOD_NOT_ALLOWED'])
})

test('a task is visible to its owner, its assignee and the client_admin; NOT_FOUND for others', async () => {
  const admin = await api.signUp()
  const [owner, assignee, colleague, stranger, operator] = await Promise.all([
    signUpColleague(api, admin),
    signUpColleague(api, admin),
    signUpColleague(api, admin),
    api.signUp(),
    api.signUp({ role: 'super_admin' }),
  ])
  const task = await createTask(owner, { assigneeId: assignee.userId })
  for (const user of [owner, assignee, admin]) {
    expect((await user.inject('GET', `${tasksUrl}/${task.id}`)).statusCode).toBe(200)
    expect(titlesOf(await user.inject('GET', tasksUrl))).toEqual(['Water the plants'])
    expect((await user.inject('PATCH', `${tasksUrl}/${task.id}`, { category: user.userId })).statusCode).toBe(200)
  }
  for (const user of [colleague, stranger, operator]) {
    expect(titlesOf(await user.inject('GET', tasksUrl))).toEqual([])
    for (const [method, body] of [['GET'], ['PATCH', { title: 'Mine now' }], ['DELETE']] as const) {
      const response = await user.inject(method, `${tasksUrl}/${task.id}`, body)
      expect([response.statusCode, response.json().error.code]).toEqual([404, 'NOT_FOUND'])
    }
  }
})

test('only the owner and a client_admin can delete a task; for an assignee it is FORBIDDEN', async () => {
  const admin = await api.signUp()
  const assignee = await signUpColleague(api, admin)
  const task = await createTask(await signUpColleague(api, admin), { assigneeId: assignee.userId })
  expect((await assignee.inject('DELETE', `${tasksUrl}/${task.id}`)).json().error.code).toBe('FORBIDDEN')
  expect((await admin.inject('DELETE', `${tasksUrl}/${task.id}`)).statusCode).toBe(200)
  expect((await admin.inject('GET', `${tasksUrl}/${task.id}`)).statusCode).toBe(404)
  expect((await auditOf(task.id)).map(({ action }) => action)).toEqual(['task.created', 'task.deleted'])
})

test('an assignee must be an active member of the same organization', async () => {
  const admin = await api.signUp()
  const [colleague, left, stranger] = await Promise.all([
    signUpColleague(api, admin),
    signUpColleague(api, admin),
    api.signUp(),
  ])
  await api.db.updateTable('users').set({ is_active: false }).where('id', '=', left.userId).execute()
  const refused = { error: { code: 'VALIDATION_FAILED', details: [{ path: 'body.assigneeId' }] } }
  for (const assigneeId of [stranger.userId, left.userId, crypto.randomUUID()]) {
    for (const headers of [undefined, { 'idempotency-key': 'assignee' }]) {
      const body = { title: 'Assigned', dueDate: tomorrow, assigneeId }
      const response = await admin.inject('POST', tasksUrl, body, headers)
      expect(response.statusCode).toBe(400)
      expect(response.json()).toMatchObject(refused)
    }
  }
  const task = await createTask(admin, { assigneeId: colleague.userId })
  const moved = await admin.inject('PATCH', `${tasksUrl}/${task.id}`, { assigneeId: stranger.userId })
  expect(moved.json()).toMatchObject(refused)
  const freed = await admin.inject('PATCH', `${tasksUrl}/${task.id}`, { assigneeId: null })
  expect(freed.json().data.task.assigneeId).toBeNull()
})

test('one Idempotency-Key creates one task, however many requests send it at once', async () => {
  const user = await api.signUp()
  const send = (title = 'Only once', key = 'key-1') =>
    user.inject('POST', tasksUrl, { title, dueDate: tomorrow }, { 'idempotency-key': key })
  const responses = await Promise.all(Array.from({ length: 20 }, () => send()))
  expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(201))
  expect(new Set(responses.map((response) => response.json().data.task.id)).size).toBe(1)
  expect((await user.inject('GET', tasksUrl)).json().pagination.total).toBe(1)
  expect(await auditOf(responses[0]?.json().data.task.id)).toHaveLength(1)

  const other = await send('Something else')
  expect([other.statusCode, other.json().error.code]).toEqual([422, 'IDEMPOTENCY_MISMATCH'])
  expect((await send('Something else', 'key-2')).statusCode).toBe(201)
  const long = await send('Only once', 'x'.repeat(65))
  expect(long.json().error.details).toMatchObject([{ path: 'headers.idempotency-key' }])
})

test('creations of one moment share transactions; one that waits for a lock fails no other', async () => {
  const ben = await api.signUp()
  const send = (user: TestUser, title: string) => user.inject('POST', tasksUrl, { title, dueDate: tomorrow })
  const sendMany = (title: string) =>
    Promise.all(Array.from({ length: 20 }, (_, index) => send(ann, `${title} ${index}`)))
  const locked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holding = api.db.transaction().execute(async (trx) => {
    await trx.selectFrom('users').select('id').where('id', '=', ben.userId).forUpdate().execute()
    locked.resolve()
    await release.promise
  })
  await locked.promise
  const waiting = send(ben, 'Once free')
  const others = await sendMany('Beside')
  expect(others.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(201))
  release.resolve()
  await Promise.all([holding, waiting])

  const created = [...others, ...(await sendMany('At once'))].map((answer) => answer.json().data.task)
  expect(created.map(({ title }) => title)).toEqual(
    ['Beside', 'At once'].flatMap((title) => others.map((_, index) => `${title} ${index}`)),
  )
  const events = await Promise.all(created.map(({ id }) => auditOf(id)))
  expect(events.map((ofTask) => ofTask.map(({ after }) => (after as { title: string }).title))).toEqual(
    created.map(({ title }) => [title]),
  )
  const { rows } = await sql<{ transactions: number }>`
    select count(distinct xmin::text)::int as transactions from tasks where title like 'At once%'`.execute(api.db)
  expect(rows[0]?.transactions).toBeLessThan(10)
})

test('an Idempotency-Key whose task was deleted creates no second task: CONFLICT', async () => {
  const send = (key: string) =>
    ann.inject('POST', tasksUrl, { title: 'Gone soon', dueDate: tomorrow }, { 'idempotency-key': key })
  const { id } = (await send('gone')).json().data.task
  await ann.inject('DELETE', `${tasksUrl}/${id}`)
  const again = await send('gone')
  expect([again.statusCode, again.json().error.code]).toEqual([409, 'CONFLICT'])
  expect(again.json().message).toMatch(/deleted.*new key/)
  expect((await send('anew')).statusCode).toBe(201)
})

test('an Idempotency-Key belongs to its user and expires after a day', async () => {
  const own = manualClock(new Date('2026-11-20T12:00:00.000Z'))
  const other = await buildTestApp({ clock: own })
  const [one, two] = await Promise.all([other.signUp(), other.signUp()])
  const send = async (user: TestUser) => {
    const body = { title: 'Same key', dueDate: tomorrow }
    return (await user.inject('POST', tasksUrl, body, { 'idempotency-key': 'k' })).json().data.task.id
  }
  const first = await send(one)
  expect(await send(two)).not.toBe(first)
  own.advance(23 * hourMs)
  expect(await send(one)).toBe(first)
  own.advance(1 * hourMs)
  expect(await send(one)).not.toBe(first)
  await other.close()
})

test('of concurrent edits with one ETag, one is applied and the others are STALE', async () => {
  const task = await createTask(ann)
  const edit = (title: string) => ann.inject('PATCH', `${tasksUrl}/${task.id}`, { title }, { 'if-match': '"v1"' })
  const responses = await Promise.all(['First', 'Second', 'Third', 'Fourth'].map(edit))
  expect(responses.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412, 412, 412])
  const winner = responses.find(({ statusCode }) => statusCode === 200)
  expect(winner?.headers.etag).toBe('"v2"')
  expect(responses.find(({ statusCode }) => statusCode === 412)?.json().error.code).toBe('STALE')
  const read = await ann.inject('GET', `${tasksUrl}/${task.id}`)
  expect(read.json().data.task).toEqual(winner?.json().data.task)
})

test('If-Match accepts weak tags, lists and *, and is optional', async () => {
  const task = await createTask(ann)
  const edit = (title: string, headers?: Record<string, string>) =>
    ann.inject('PATCH', `${tasksUrl}/${task.id}`, { title }, headers)
  expect((await edit('By a weak tag', { 'if-match': 'W/"v1"' })).headers.etag).toBe('"v2"')
  expect((await edit('By a list', { 'if-match': '"v1", "v2"' })).headers.etag).toBe('"v3"')
  expect((await edit('By a star', { 'if-match': '*' })).headers.etag).toBe('"v4"')
  expect((await edit('Without', {})).headers.etag).toBe('"v5"')
  expect((await ann.inject('DELETE', `${tasksUrl}/${task.id}`, undefined, { 'if-match': '"v4"' })).statusCode).toBe(412)
  expect((await ann.inject('DELETE', `${tasksUrl}/${task.id}`, undefined, { 'if-match': '"v5"' })).statusCode).toBe(200)
})

test('a patch that changes nothing keeps the version and is not audited; an empty one is refused', async () => {
  const task = await createTask(ann, { description: 'Twice a week' })
  const same = { title: task.title, dueDate: task.dueDate, description: 'Twice a week', status: 'todo' }
  expect((await ann.inject('PATCH', `${tasksUrl}/${task.id}`, same)).json().data.task).toEqual(task)
  expect(await auditOf(task.id)).toHaveLength(1)
  expect((await ann.inject('PATCH', `${tasksUrl}/${task.id}`, {})).json().error.code).toBe('VALIDATION_FAILED')
  const unknown = await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { title: 'Fine', version: 9 })
  expect(unknown.json().error.code).toBe('VALIDATION_FAILED')
})

test('a change is audited with the fields before and after it', async () => {
  const task = await createTask(ann)
  await ann.inject('PATCH', `${tasksUrl}/${task.id}`, { title: 'Water them all', priority: 'high' })
  expect((await auditOf(task.id)).at(-1)).toMatchObject({
    action: 'task.updated',
    actor_id: ann.userId,
    before: { title: 'Water the plants', priority: 'medium' },
    after: { title: 'Water them all', priority: 'high' },
  })
})

test('concurrent completions set the time once, complete the reminders and notify the owner once', async () => {
  const owner = await api.signUp()
  const task = await createTask(owner, { title: 'Finish it' })
  for (const offsetMinutes of [10, 20])
    await owner.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes })
  const complete = () => owner.inject('PATCH', `${tasksUrl}/${task.id}`, { status: 'completed' })
  const responses = await Promise.all(Array.from({ length: 8 }, complete))
  expect(responses.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200))
  for (const response of responses) {
    expect(response.json().data.task).toMatchObject({ completedAt: clock.now().toISOString(), version: 2 })
  }
  const reminders = await owner.inject('GET', `${tasksUrl}/${task.id}/reminders`)
  expect(reminders.json().data.reminders).toMatchObject([{ status: 'completed' }, { status: 'completed' }])
  const notices = await api.db.selectFrom('notifications').selectAll().where('user_id', '=', owner.userId).execute()
  expect(notices).toMatchObject([{ type: 'general', message: 'You completed: Finish it', task_id: task.id }])
  expect((await auditOf(task.id)).map(({ action }) => action)).toEqual(['task.created', 'task.completed'])

  const reopened = await owner.inject('PATCH', `${tasksUrl}/${task.id}`, { status: 'in-progress' })
  expect(reopened.json().data.task).toMatchObject({ status: 'in-progress', completedAt: null })
})

test('deleting a task deletes its reminders and unlinks its notifications', async () => {
  const owner = await api.signUp()
  const task = await createTask(owner)
  await owner.inject('POST', '/api/v1/reminders', { taskId: task.id, offsetMinutes: 5 })
  await owner.inject('PATCH', `${tasksUrl}/${task.id}`, { status: 'completed' })
  const deleted = await owner.inject('DELETE', `${tasksUrl}/${task.id}`)
  expect(deleted.json().data.task.id).toBe(task.id)
  expect(await api.db.selectFrom('reminders').where('task_id', '=', task.id).selectAll().execute()).toEqual([])
  const notices = await api.db.selectFrom('notifications').selectAll().where('user_id', '=', owner.userId).execute()
  expect(notices).toMatchObject([{ task_id: null }])
})

test('creating a task wakes the audit worker', async () => {
  await eventually(async () => {
    await createTask(ann)
    expect(await api.redis.keys('{muster-audit}:audit:*')).not.toEqual([])
  })
})
