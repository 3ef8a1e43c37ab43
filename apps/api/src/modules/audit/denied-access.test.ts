import { newId } from '@muster/db'
import { eventually, type ManualClock, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createGroup, messagesUrl } from '../chats/testing/chat-fixtures.ts'

let clock: ManualClock
let api: TestApp
let owner: TestUser
let stranger: TestUser
let taskId: string

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
  owner = await api.signUp()
  stranger = await api.signUp()
  taskId = await makeTask()
})
afterAll(() => api.close())

const dueDate = () => new Date(clock.now().getTime() + 86_400_000).toISOString()
async function makeTask(): Promise<string> {
  const answer = await owner.inject('POST', '/api/v1/tasks', { title: 'Not for all', dueDate: dueDate() })
  return answer.json().data.task.id
}
const denialsOf = (targetId: string) =>
  api.db
    .selectFrom('audit_pending')
    .selectAll()
    .where('action', '=', 'access.denied')
    .where('target_id', '=', targetId)
    .orderBy('id')
    .execute()
const denied = (targetId: string, count = 1) =>
  eventually(async () => {
    const rows = await denialsOf(targetId)
    expect(rows).toHaveLength(count)
    return rows
  })

test('a request for another user’s object is recorded; a request for no object is not', async () => {
  const nothing = newId()
  const headers = { 'user-agent': 'curious' }
  expect((await stranger.inject('GET', `/api/v1/tasks/${nothing}`)).statusCode).toBe(404)
  const refused = await stranger.inject('GET', `/api/v1/tasks/${taskId}`, undefined, headers)
  expect(refused.statusCode).toBe(404)
  expect(await denied(taskId)).toMatchObject([
    {
      actor_id: stranger.userId,
      target_type: 'task',
      ip: '127.0.0.1',
      user_agent: 'curious',
      request_id: refused.headers['x-request-id'],
      after: { method: 'GET', route: '/tasks/:id', code: 'NOT_FOUND' },
    },
  ])
  // Events are written in order, so that of the first request would be there by now.
  expect(await denialsOf(nothing)).toEqual([])
})

test('denied access is recorded for every kind of target, named by address or body', async () => {
  const task = await makeTask()
  const reminder = (await owner.inject('POST', '/api/v1/reminders', { taskId: task, offsetMinutes: 5 })).json().data
    .reminder.id
  const asked = await owner.inject('POST', '/api/v1/friends/requests', { userId: stranger.userId })
  const request = asked.json().data.request.id
  const other = await api.signUp()
  const body = { taskId: task, offsetMinutes: 5 }
  const { id: chat } = await createGroup(owner, [])
  for (const [method, url, target, given] of [
    ['PATCH', `/api/v1/tasks/${task}`, task, { title: 'Mine now' }],
    ['GET', `/api/v1/reminders/${reminder}`, reminder, undefined],
    ['DELETE', `/api/v1/auth/sessions/${owner.sessionId}`, owner.sessionId, undefined],
    ['POST', `/api/v1/friends/requests/${request}/accept`, request, {}],
    ['GET', `/api/v1/users/${owner.userId}`, owner.userId, undefined],
    ['POST', messagesUrl(chat), chat, { clientId: chat, body: 'Let me in' }],
  ] as const) {
    expect([url, (await other.inject(method, url, given)).statusCode]).toEqual([url, 404])
    expect(await denied(target)).toMatchObject([{ actor_id: other.userId }])
  }
  expect((await other.inject('POST', '/api/v1/reminders', body)).statusCode).toBe(404)
  expect(await denied(task, 2)).toMatchObject([{}, { after: { method: 'POST', route: '/reminders' } }])
})

test('a request for an own object that has ended is not a denied access', async () => {
  const user = await api.signUp()
  const url = `/api/v1/auth/sessions/${newId()}`
  const task = await makeTask()
  const before = (await api.db.selectFrom('audit_pending').select('id').where('actor_id', '=', user.userId).execute())
    .length
  expect((await user.inject('DELETE', url)).statusCode).toBe(404)
  expect((await user.inject('GET', `/api/v1/tasks/${task}`)).statusCode).toBe(404)
  await denied(task)
  const after = await api.db.selectFrom('audit_pending').select('id').where('actor_id', '=', user.userId).execute()
  expect(after).toHaveLength(before + 1)
})

test('an action that the role does not allow is recorded with its route', async () => {
  const url = '/api/v1/admin/audit-events'
  expect((await stranger.inject('GET', url)).statusCode).toBe(403)
  expect(await denied('GET /admin/audit-events')).toMatchObject([
    { actor_id: stranger.userId, target_type: 'route', after: { code: 'FORBIDDEN' } },
  ])
})

test('fifty concurrent denials of one actor and target are one event a minute', async () => {
  const task = await makeTask()
  const last = await makeTask()
  const ask = (id: string) => stranger.inject('GET', `/api/v1/tasks/${id}`)
  await Promise.all(Array.from({ length: 50 }, () => ask(task)))
  await ask(last)
  await denied(last)
  expect(await denialsOf(task)).toHaveLength(1)
  clock.advance(60_000)
  await ask(task)
  await denied(task, 2)
})

test('the answer does not wait for the audit log', async () => {
  const task = await makeTask()
  await api.db.transaction().execute(async (trx) => {
    await sql`lock table audit_pending in exclusive mode`.execute(trx)
    expect((await stranger.inject('GET', `/api/v1/tasks/${task}`)).statusCode).toBe(404)
    expect(
      await trx
        .selectFrom('audit_pending')
        .select('id')
        .where('target_id', '=', task)
        .where('action', '=', 'access.denied')
        .execute(),
    ).toEqual([])
  })
  await denied(task)
})

test('every route with an id declares its target', async () => {
  const { paths } = (await api.connect().inject('GET', '/openapi.json')).json()
  const known =
    /^\/(tasks|chats|attachments|reminders|notifications|users|invites|admin\/users)\/\{id\}|^\/auth\/sessions\/\{id\}|^\/friends\/requests\/\{id\}|^\/organization\/members\/\{userId\}/
  // The caller's own friendship or block, named by the other user; and targets of administrators, who see all of them.
  const others = /^\/friends\/\{userId\}|^\/admin\/(queues|emails|organizations|trace)\/|^\/invites\/details\//
  const routes = Object.keys(paths).map((path) => path.replace('/api/v1', ''))
  expect(routes.filter((path) => path.includes('{') && !known.test(path) && !others.test(path))).toEqual([])
})
