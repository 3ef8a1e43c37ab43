import { newId } from '@muster/db'
import { manualClock } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { createGroup, send } from './testing/chat-fixtures.ts'

const clock = manualClock()
let api: TestApp
let ann: TestUser
let bob: TestUser
let chatId: string

beforeAll(async () => {
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())
beforeEach(async () => {
  ann = await api.signUp()
  bob = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  chatId = (await createGroup(ann, [bob])).id
})

/** Reads when jobs of the chat are planned, in seconds from now. */
const planned = async () => {
  const rows = await api.db
    .selectFrom('outbox')
    .select(['payload', 'run_at'])
    .where('name', '=', 'notify-chat')
    .execute()
  return rows
    .filter(({ payload }) => (payload as { chatId: string }).chatId === chatId)
    .map(({ run_at }) => ((run_at?.getTime() ?? 0) - clock.now().getTime()) / 1_000)
}
const openNotification = () =>
  api.db
    .insertInto('notifications')
    .values({
      id: newId(),
      user_id: bob.userId,
      type: 'chat',
      title: '1 new message in Garden',
      message: 'Ann wrote in Garden.',
      chat_id: chatId,
      data: JSON.stringify({ event: 'chatMessages', count: 1, mentions: 0, lastSeq: 1, userId: null }),
    })
    .execute()
const unread = async () => (await bob.inject('GET', '/api/v1/notifications/unread-count')).json().data.count

test('messages plan one job of their chat, 30 s after the first; a deletion plans one too', async () => {
  expect(await planned()).toEqual([])
  const { id } = await send(ann, chatId)
  await Promise.all([send(ann, chatId), send(bob, chatId)])
  expect(await planned()).toEqual([30])
  // The job ran: the worker takes the plan from the chat.
  await api.db.updateTable('chats').set({ notify_job_at: null }).where('id', '=', chatId).execute()
  clock.advance(60_000)
  await ann.inject('DELETE', `/api/v1/chats/${chatId}/messages/${id}`)
  expect(await planned()).toEqual([-30, 30])
})

test('reading the chat or leaving it marks its notification as read', async () => {
  await send(ann, chatId)
  await openNotification()
  expect(await unread()).toBe(1)
  await bob.inject('PUT', `/api/v1/chats/${chatId}/read`, { seq: 1 })
  expect(await unread()).toBe(0)
  await openNotification()
  await bob.inject('POST', `/api/v1/chats/${chatId}/leave`)
  expect(await unread()).toBe(0)
})

test('the list of members has read positions, as far as the viewer may know them', async () => {
  await send(ann, chatId)
  await bob.inject('PUT', `/api/v1/chats/${chatId}/read`, { seq: 1 })
  const seen = async (as: TestUser) => {
    const { members } = (await as.inject('GET', `/api/v1/chats/${chatId}/members`)).json().data
    return Object.fromEntries(
      members.map(({ user, readSeq }: { user: { id: string }; readSeq: number | null }) => [user.id, readSeq]),
    )
  }
  const annOwn = (await seen(ann))[ann.userId]
  expect(await seen(ann)).toEqual({ [ann.userId]: annOwn, [bob.userId]: 1 })
  const receipts = (as: TestUser, isOn: boolean) => as.inject('PUT', '/api/v1/users/me/preferences', { receipts: isOn })
  await receipts(bob, false)
  expect(await seen(ann)).toEqual({ [ann.userId]: annOwn, [bob.userId]: null })
  expect(await seen(bob)).toEqual({ [ann.userId]: null, [bob.userId]: 1 })
  await receipts(bob, true)
  await bob.inject('POST', `/api/v1/friends/${ann.userId}/block`)
  expect(await seen(ann)).toEqual({ [ann.userId]: annOwn, [bob.userId]: null })
})
