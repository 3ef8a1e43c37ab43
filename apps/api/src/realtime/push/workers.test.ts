import { eventually } from '@muster/testing'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { picture } from '../../http/uploads/testing/sample-files.ts'
import { attachTo, formOf } from '../../modules/attachments/testing/upload-fixtures.ts'
import { createGroup } from '../../modules/chats/testing/chat-fixtures.ts'
import { createTask, joining } from '../../modules/organizations/testing/organization-fixtures.ts'
import { startWorker } from '../../testing/start-worker.ts'
import { succeeded } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'
import {
  connectSocket,
  cookieOf,
  type Instance,
  recordEvents,
  startInstance,
  type TestSocket,
  urlOf,
} from '../testing/sockets.ts'

/** Processes start slowly while other tests use all cores. */
const slow = { timeout: 120_000 }
const processing = { timeoutMs: 60_000 }

let api: TestApp
let other: Instance
const open: TestSocket[] = []

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  other = await startInstance(api)
})
afterAll(async () => {
  for (const socket of open) socket.disconnect()
  await other.close()
  await api.close()
})

async function followFiles(user: TestUser) {
  const socket = await connectSocket(user, other)
  open.push(socket)
  return recordEvents(socket, 'attachment:updated')
}

test('viewers of a task follow its files, the uploader those of a chat: ready, failed, deleted', slow, async () => {
  await startWorker(api, 'image-worker')
  const owner = await api.signUp()
  const [assignee, colleague] = [await joining(api, owner), await joining(api, owner)]
  const { id: taskId } = await createTask(owner, { assigneeId: assignee.userId })
  const [ofOwner, ofAssignee, ofColleague] = [
    await followFiles(owner),
    await followFiles(assignee),
    await followFiles(colleague),
  ]
  const photo = await attachTo({ user: owner, task: taskId }, 'photo.jpg', await picture('jpeg', 400))
  for (const events of [ofOwner, ofAssignee]) {
    await eventually(
      () => expect(events.map(({ attachment }) => attachment?.status)).toEqual(['processing', 'ready']),
      processing,
    )
    expect(events[1]).toMatchObject({ attachmentId: photo.id, taskId, chatId: null })
    const shown = await owner.inject('GET', `/api/v1/attachments/${photo.id}`)
    expect(events[1]?.attachment).toEqual(shown.json().data.attachment)
    expect(events[1]?.attachment?.url).toBe(`http://localhost:3000/api/v1/attachments/${photo.id}/content`)
  }
  const broken = (await picture('png', 300)).subarray(0, 200)
  await attachTo({ user: assignee, task: taskId }, 'broken.png', broken)
  await eventually(() => expect(ofOwner.at(-1)?.attachment).toMatchObject({ status: 'failed', url: null }), processing)
  succeeded(await owner.inject('DELETE', `/api/v1/attachments/${photo.id}`))
  await eventually(() =>
    expect(ofAssignee.at(-1)).toEqual({ attachment: null, attachmentId: photo.id, taskId, chatId: null }),
  )
  expect(ofColleague).toEqual([])

  const { id: chatId } = await createGroup(owner, [assignee])
  const form = formOf({ 'chat.jpg': await picture('jpeg', 300) })
  const answer = await owner.fetch(`/api/v1/chats/${chatId}/media`, { method: 'POST', body: form })
  expect(answer.status).toBe(201)
  await eventually(() => expect(ofOwner.at(-1)?.attachment).toMatchObject({ chatId, status: 'ready' }), processing)
  const unsent = ofOwner.at(-1)?.attachmentId as string
  succeeded(await owner.inject('DELETE', `/api/v1/chats/${chatId}/media/${unsent}`))
  await eventually(() =>
    expect(ofOwner.at(-1)).toEqual({ attachment: null, attachmentId: unsent, taskId: null, chatId }),
  )
  expect(ofAssignee.filter((event) => event.chatId)).toEqual([])
})

test('a reminder that fires reaches a plain client as a notification', slow, async () => {
  await startWorker(api, 'reminder-worker')
  const user = await api.signUp()
  const { id: taskId } = await createTask(user)
  const socket = io(urlOf(other), { transports: ['websocket'], extraHeaders: { cookie: cookieOf(user) } })
  const told = new Promise<{ type: string; timestamp: string }>((resolve) => socket.on('notification', resolve))
  await new Promise<void>((resolve) => socket.on('connect', resolve))
  const scheduledAt = new Date(Date.now() + 1_500).toISOString()
  succeeded(await user.inject('POST', '/api/v1/reminders', { taskId, scheduledAt, type: 'push' }))
  expect(await told).toMatchObject({ type: 'reminder', notification: { type: 'reminder', taskId, isRead: false } })
  expect(Date.now() - Date.parse(scheduledAt)).toBeLessThan(5_000)
  socket.disconnect()
})
