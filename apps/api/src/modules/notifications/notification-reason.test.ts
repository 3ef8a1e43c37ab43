import { newId } from '@muster/db'
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createTask, joining } from '../organizations/testing/organization-fixtures.ts'
import { listPage, notificationsUrl, notify } from './testing/notifications-fixtures.ts'

let api: TestApp

beforeAll(async () => {
  api = await buildTestApp({ clock: manualClock(new Date('2026-11-20T12:00:00.000Z')) })
})
afterAll(() => api.close())

const reasonOf = async (user: TestUser, id: string) =>
  dataOf(await user.inject('GET', `${notificationsUrl}/${id}/reason`)).reason
const newest = async (user: TestUser) => {
  const [notification] = (await listPage(user)).notifications
  if (!notification) throw new Error('There is no notification.')
  return notification
}

test('an assigned task tells who assigned it, by which request and under which preference', async () => {
  const owner = await api.signUp()
  const assignee = await joining(api, owner)
  await createTask(owner, { assigneeId: assignee.userId })
  const { id, createdAt } = await newest(assignee)
  expect(await reasonOf(assignee, id)).toEqual({
    cause: 'assignedToYou',
    actor: expect.objectContaining({ id: owner.userId }),
    preference: { name: 'notifications.general', inApp: true, email: false },
    channels: [{ channel: 'inApp', status: 'shown', at: createdAt }],
    requestId: expect.any(String),
  })
})

test('its mail is among the channels, with what became of it', async () => {
  const owner = await api.signUp()
  const assignee = await joining(api, owner)
  await assignee.inject('PUT', '/api/v1/users/me/preferences', { notifications: { general: { email: true } } })
  await createTask(owner, { assigneeId: assignee.userId })
  const { id } = await newest(assignee)
  expect(await reasonOf(assignee, id)).toMatchObject({
    preference: { email: true },
    channels: [{ channel: 'inApp' }, { channel: 'email', status: 'queued', at: null }],
  })
  const sentAt = new Date('2026-11-20T12:00:05.000Z')
  const isOfIt = api.db.updateTable('email_messages').set({ status: 'sent', sent_at: sentAt })
  await isOfIt.where('notification_id', '=', id).execute()
  expect((await reasonOf(assignee, id)).channels[1]).toEqual({
    channel: 'email',
    status: 'sent',
    at: sentAt.toISOString(),
  })
})

test('the mail of a security alert belongs to it, and to no other alert of the request', async () => {
  const user = await api.signUp()
  const requestId = newId()
  const data = { event: 'new-device', at: '2026-11-20T12:00:00.000Z', device: null, ip: null } as const
  await notify(api, [{ userId: user.userId, type: 'security', title: 'New device', message: 'Somebody.', data }])
  const { id } = await newest(user)
  await api.db.updateTable('notifications').set({ request_id: requestId }).where('id', '=', id).execute()
  for (const template of ['new-device', 'password-changed']) {
    const mail = {
      id: newId(),
      template,
      to_address: user.email,
      user_id: user.userId,
      data: '{}',
      request_id: requestId,
    }
    await api.db
      .insertInto('email_messages')
      .values({ ...mail, status: 'sent' })
      .execute()
  }
  const reason = await reasonOf(user, id)
  expect(reason).toMatchObject({ cause: 'accountSecurity', actor: null, requestId })
  expect(reason.channels).toHaveLength(2)
})

test('a reminder is one’s own, and comes by the clock', async () => {
  const user = await api.signUp()
  const { id: taskId } = await createTask(user)
  const data = {
    event: 'reminder',
    reminderId: newId(),
    scheduledAt: '2026-11-20T12:00:00.000Z',
    dueDate: null,
  } as const
  const told = { userId: user.userId, type: 'reminder', title: 'Reminder', message: 'Water them.', taskId } as const
  await notify(api, [{ ...told, data: { ...data, late: false } }])
  expect(await reasonOf(user, (await newest(user)).id)).toMatchObject({
    cause: 'ownReminder',
    preference: { name: 'notifications.reminder', inApp: true, email: true },
    requestId: null,
  })
})

test('the reason of a notification of another user is NOT_FOUND', async () => {
  const [user, other] = [await api.signUp(), await api.signUp()]
  await notify(api, [{ userId: user.userId, type: 'general', title: 'News', message: 'Some.' }])
  const { id } = await newest(user)
  expect((await other.inject('GET', `${notificationsUrl}/${id}/reason`)).statusCode).toBe(404)
  expect((await reasonOf(user, id)).cause).toBe('other')
})
