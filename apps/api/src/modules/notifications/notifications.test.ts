import { newId } from '@muster/db'
import type { NotificationType } from '@muster/policy'
import type { Notification } from '@muster/realtime/shapes'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, joining } from '../organizations/testing/organization-fixtures.ts'
import { mailsTo } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  countOf,
  listAll,
  listPage,
  notificationsUrl,
  notify,
  read,
  readAll,
  remove,
} from './testing/notifications-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const minuteMs = 60_000
const about = ({ userId }: TestUser, message: string, type: NotificationType = 'general') => ({
  userId,
  type,
  title: 'News',
  message,
})
/** Notifies with a minute between each; the last one is the newest. */
async function notifyEach(user: TestUser, messages: string[], type?: NotificationType) {
  for (const message of messages) {
    clock.advance(minuteMs)
    await notify(api, [about(user, message, type)])
  }
}
const messagesOf = (found: { message: string }[]) => found.map(({ message }) => message)

describe('the list', () => {
  test('contains the user’s own notifications, the newest first', async () => {
    const [user, other] = [await api.signUp(), await api.signUp()]
    const task = await createTask(user)
    await notify(api, [
      {
        ...about(user, 'one', 'reminder'),
        taskId: task.id,
        data: { event: 'taskCompleted', completedById: other.userId },
      },
    ])
    await notifyEach(user, ['two'])
    await notifyEach(other, ['theirs'])
    const { notifications, nextCursor } = await listPage(user)
    expect(messagesOf(notifications)).toEqual(['two', 'one'])
    expect(nextCursor).toBeNull()
    expect(notifications[1]).toEqual({
      id: expect.any(String),
      type: 'reminder',
      title: 'News',
      message: 'one',
      taskId: task.id,
      chatId: null,
      actor: { id: other.userId, username: expect.any(String), name: expect.any(String), avatarUrl: null },
      data: { event: 'taskCompleted', completedById: other.userId },
      isRead: false,
      createdAt: new Date(clock.now().getTime() - 2 * minuteMs).toISOString(),
    })
  })

  test('has pages of 50 that contain each notification once while more arrive', async () => {
    const user = await api.signUp()
    const security = Array.from({ length: 120 }, (_, index) => about(user, `${index}`, 'security'))
    // Many have the same time, so that only their ids order them.
    await notify(api, security.slice(0, 70))
    clock.advance(minuteMs)
    await notify(api, security.slice(70))
    const first = await listPage(user)
    expect(first.notifications).toHaveLength(50)
    await notifyEach(user, ['later'])
    const second = await listPage(user, `?cursor=${first.nextCursor}`)
    const third = await listPage(user, `?cursor=${second.nextCursor}`)
    expect(third.nextCursor).toBeNull()
    const seen = [first, second, third].flatMap(({ notifications }) => messagesOf(notifications))
    expect(seen).toEqual(security.map(({ message }) => message).toReversed())
  })

  test('filters by type and by whether they were read', async () => {
    const user = await api.signUp()
    await notifyEach(user, ['a', 'b'], 'invite')
    await notifyEach(user, ['c', 'd'], 'chat')
    await notifyEach(user, ['e'])
    for (const { id, message } of await listAll(user)) if ('ac'.includes(message)) await read(user, id)
    const found = async (query: string) => messagesOf(await listAll(user, query)).join('')
    expect(await found('unread=true')).toBe('edb')
    expect(await found('unread=false')).toBe('ca')
    expect(await found('type=chat')).toBe('dc')
    expect(await found('type=chat,invite&unread=true')).toBe('db')
    expect(await found('type=chat,chat')).toBe('dc')
    expect(await found('type=security')).toBe('')
  })

  test.each([
    ['a type that is none', '?type=weather', 'query.type'],
    ['what is neither true nor false', '?unread=1', 'query.unread'],
    ['a cursor that is none', '?cursor=abc', 'query.cursor'],
    ['a limit of none', '?limit=0', 'query.limit'],
    ['a limit of more than 100', '?limit=101', 'query.limit'],
  ])('refuses %s', async (_what, query, path) => {
    const user = await api.signUp()
    const answer = await user.inject('GET', `${notificationsUrl}${query}`)
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'VALIDATION_FAILED'])
    expect(answer.json().error.details[0].path).toBe(path)
  })
})

describe('reading and deleting', () => {
  test('lowers the unread count, one by one or all at once, and repeating changes nothing', async () => {
    const [user, other] = [await api.signUp(), await api.signUp()]
    await notifyEach(user, ['a', 'b', 'c', 'd'])
    await notifyEach(other, ['theirs'])
    expect(await countOf(user)).toBe(4)
    const [d, c] = (await listAll(user)).map(({ id }) => id) as [string, string]
    for (let time = 0; time < 2; time++) {
      const answer = await read(user, d)
      expect([answer.statusCode, answer.json().data.notification]).toMatchObject([200, { id: d, isRead: true }])
    }
    expect(await countOf(user)).toBe(3)
    expect((await remove(user, c)).json().data.notification).toMatchObject({ id: c, message: 'c' })
    expect((await remove(user, c)).statusCode).toBe(404)
    expect((await read(user, c)).statusCode).toBe(404)
    expect(await countOf(user)).toBe(2)
    expect([(await readAll(user)).json().data, (await readAll(user)).json().data]).toEqual([{ count: 2 }, { count: 0 }])
    expect(await countOf(user)).toBe(0)
    expect((await listAll(user)).map(({ isRead }) => isRead)).toEqual([true, true, true])
    expect(await countOf(other)).toBe(1)
  })

  test('is limited to one’s own notifications: those of others are NOT_FOUND', async () => {
    const [user, other] = [await api.signUp({ role: 'super_admin' }), await api.signUp()]
    await notifyEach(other, ['theirs'])
    const [{ id }] = (await listAll(other)) as [Notification]
    for (const answer of [await read(user, id), await remove(user, id), await read(user, newId())]) {
      expect([answer.statusCode, answer.json().error.code]).toEqual([404, 'NOT_FOUND'])
    }
    expect(await listAll(other)).toMatchObject([{ isRead: false }])
  })

  test('by concurrent read-all requests counts each notification once', async () => {
    const user = await api.signUp()
    await notifyEach(
      user,
      Array.from({ length: 40 }, (_, index) => `Number ${index}`),
    )
    const answers = await Promise.all(Array.from({ length: 8 }, () => readAll(user)))
    const counts: number[] = answers.map((answer) => answer.json().data.count)
    expect(counts.reduce((sum, count) => sum + count)).toBe(40)
  })

  test('of more rows than one statement takes marks all of them', async () => {
    const user = await api.signUp()
    const row = { user_id: user.userId, type: 'general', title: 'News', message: 'Many.', created_at: clock.now() }
    for (let round = 0; round < 3; round++) {
      const rows = Array.from({ length: 2_000 }, () => ({ ...row, id: newId() }))
      await api.db.insertInto('notifications').values(rows).execute()
    }
    expect((await readAll(user)).json().data).toEqual({ count: 6_000 })
    expect(await countOf(user)).toBe(0)
  })
})

test('notifications beyond 60 an hour are summarized in one row, which each makes unread again', async () => {
  const user = await api.signUp()
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => about(user, `${from + index}`))
  await notify(api, many(0, 62))
  const summary = async () => (await listAll(user)).find(({ title }) => title === 'More notifications')
  expect(await summary()).toMatchObject({ type: 'general', data: { summarized: 2 }, isRead: false })
  await readAll(user)
  await notify(api, many(62, 65))
  expect(await summary()).toMatchObject({ message: expect.stringMatching(/^5 more/), isRead: false })
  expect(await countOf(user)).toBe(1)
})

describe('a completed task', () => {
  const complete = (user: TestUser, id: string) => user.inject('PATCH', `/api/v1/tasks/${id}`, { status: 'completed' })
  const wantMails = (user: TestUser) =>
    user.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: { email: true } } })

  test('notifies its owner once, however many complete it at once', async () => {
    const owner = await api.signUp()
    const [assignee, admin] = [await joining(api, owner), await joining(api, owner, 'client_admin')]
    await wantMails(owner)
    const task = await createTask(owner, { title: 'Buy milk', assigneeId: assignee.userId })
    const users = [owner, assignee, admin]
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => complete(users[n % 3] as TestUser, task.id)))
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
    const notices = await listAll(owner)
    expect(notices).toMatchObject([
      { type: 'general', message: expect.stringMatching(/^.+ completed: Buy milk$/), taskId: task.id },
    ])
    expect(await listAll(admin)).toEqual([])
    expect(await listAll(assignee)).toMatchObject([{ data: { event: 'taskAssigned' } }])
    const mails = await mailsTo(api, owner.email)
    expect(mails).toMatchObject([{ template: 'task-completed', notification_id: notices[0]?.id }])
  })

  test('is mailed only to an owner who chose it, and names the user who completed it', async () => {
    const [quiet, owner] = [await api.signUp(), await api.signUp()]
    const assignee = await joining(api, owner)
    await wantMails(owner)
    await complete(quiet, (await createTask(quiet)).id)
    expect(await mailsTo(api, quiet.email)).toEqual([])
    await complete(owner, (await createTask(owner, { title: 'Own one' })).id)
    await complete(assignee, (await createTask(owner, { title: 'Done for me', assigneeId: assignee.userId })).id)
    const mails = await mailsTo(api, owner.email)
    expect(mails.map(({ data }) => data)).toMatchObject([
      { taskTitle: 'Own one', completedBy: null },
      { taskTitle: 'Done for me', completedBy: expect.stringMatching(/^user_/) },
    ])
  })

  test('that is reopened and completed again within minutes notifies once', async () => {
    const owner = await api.signUp()
    await wantMails(owner)
    const { id } = await createTask(owner)
    for (let time = 0; time < 2; time++) {
      await complete(owner, id)
      await owner.inject('PATCH', `/api/v1/tasks/${id}`, { status: 'todo' })
    }
    expect(await listAll(owner)).toHaveLength(1)
    expect(await mailsTo(api, owner.email)).toHaveLength(1)
  })

  test('is mailed to an owner who turned notifications off in the app', async () => {
    const owner = await api.signUp()
    const channels = { inApp: false, email: true }
    await owner.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: channels } })
    await complete(owner, (await createTask(owner)).id)
    expect(await listAll(owner)).toEqual([])
    expect(await mailsTo(api, owner.email)).toMatchObject([{ template: 'task-completed', notification_id: null }])
  })
})

describe('what a notification says to programs', () => {
  const listed = async (user: TestUser) => (await listAll(user)).map(({ data, actor }) => ({ data, actor }))
  const store = (user: TestUser, type: string, title: string, data: object) =>
    api.db
      .insertInto('notifications')
      .values({
        id: newId(),
        user_id: user.userId,
        type,
        title,
        message: title,
        data: JSON.stringify(data),
        created_at: clock.now(),
      })
      .execute()

  test('names the user who asked for a friendship and who accepted it', async () => {
    const [ann, bob] = [await api.signUp(), await api.signUp()]
    const asked = await ann.inject('POST', '/api/v1/friends/requests', { userId: bob.userId })
    const requestId = asked.json().data.request.id
    await bob.inject('POST', `/api/v1/friends/requests/${requestId}/accept`)
    expect(await listed(bob)).toMatchObject([
      { data: { event: 'friendRequested', requestId, userId: ann.userId }, actor: { id: ann.userId } },
    ])
    expect(await listed(ann)).toMatchObject([
      { data: { event: 'friendAccepted', requestId, userId: bob.userId }, actor: { id: bob.userId } },
    ])
  })

  test.each([
    [
      'reminder',
      'Reminder: x',
      { reminderId: newId(), scheduledAt: '2026-01-01T00:00:00.000Z', dueDate: null, late: true },
      'reminder',
    ],
    ['overdue', 'Overdue: x', { dueDate: '2026-01-01T00:00:00.000Z', late: false }, 'taskDue'],
    ['general', 'Friend request', { requestId: newId(), userId: newId() }, 'friendRequested'],
    ['general', 'Friend request accepted', { requestId: newId(), userId: newId() }, 'friendAccepted'],
    ['general', 'Something new', { event: 'ofALaterRelease', more: [1] }, 'other'],
    ['reminder', 'Reminder: x', {}, 'other'],
    ['security', 'Google linked', {}, 'other'],
  ])('is read from a row of type %s and title “%s” of another release: %j', async (type, title, data, event) => {
    const user = await api.signUp()
    await store(user, type, title, data)
    expect(await listed(user)).toEqual([{ data: { ...data, event }, actor: null }])
  })

  test('still has a deleted person as its actor, by the name that deletion left', async () => {
    const [user, other] = [await api.signUp(), await api.signUp()]
    await store(user, 'general', 'Task completed', { event: 'taskCompleted', completedById: other.userId })
    await api.db
      .updateTable('users')
      .set({ name: 'Former member', username: 'deleted_1', anonymised_at: clock.now(), is_active: false })
      .where('id', '=', other.userId)
      .execute()
    expect(await listed(user)).toMatchObject([{ actor: { id: other.userId, name: 'Former member', avatarUrl: null } }])
  })

  test('a page has as many notifications as its limit', async () => {
    const user = await api.signUp()
    await notifyEach(user, ['a', 'b', 'c'])
    const page = await listPage(user, '?limit=2')
    expect(messagesOf(page.notifications)).toEqual(['c', 'b'])
    expect(messagesOf((await listPage(user, `?limit=2&cursor=${page.nextCursor}`)).notifications)).toEqual(['a'])
  })
})
