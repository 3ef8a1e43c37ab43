import { newId } from '@muster/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp
let ann: TestUser
let bo: TestUser
let stranger: TestUser

beforeAll(async () => {
  api = await buildTestApp()
  ann = await api.signUp()
  bo = await api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
  stranger = await api.signUp()
})
afterAll(() => api.close())

const create = (as: TestUser, body: object, headers?: Record<string, string>) =>
  as.inject('POST', '/api/v1/chats', body, headers)
const messagesOf = (chatId: string) => `/api/v1/chats/${chatId}/messages`

test('two users have one direct chat, which either of them gets with 200 once it exists', async () => {
  const made = await create(ann, { type: 'direct', userId: bo.userId })
  expect(made.statusCode).toBe(201)
  const { chat } = dataOf(made)
  expect(made.headers.location).toMatch(new RegExp(`/api/v1/chats/${chat.id}$`))
  const again = await create(bo, { type: 'direct', userId: ann.userId })
  expect([again.statusCode, dataOf(again).chat.id]).toEqual([200, chat.id])
  expect(chat).toMatchObject({
    kind: 'direct',
    name: null,
    role: 'member',
    writable: true,
    unreadCount: 0,
    memberCount: 2,
    lastMessage: null,
  })
  const own = await ann.inject('POST', '/api/v1/chats', { type: 'direct', userId: ann.userId })
  expect([own.statusCode, own.json().error.details]).toMatchObject([400, [{ path: 'body.userId', code: 'YOURSELF' }]])
})

test('messages have numbers in order, are listed ascending, and are changes of the chat', async () => {
  const { chat } = dataOf(await create(ann, { type: 'group', name: 'Garden', memberIds: [bo.userId] }))
  const send = async (as: TestUser, body: object) =>
    dataOf(await as.inject('POST', messagesOf(chat.id), { clientId: newId(), ...body })).message
  const first = await send(ann, { body: '  Hi there\n' })
  const second = await send(bo, { body: 'Hello', replyToId: first.id, mentions: [ann.userId] })
  expect([first.seq, first.body]).toEqual([1, 'Hi there'])
  expect(second).toMatchObject({
    seq: 2,
    sender: { id: bo.userId },
    mentions: [ann.userId],
    replyTo: { id: first.id, seq: 1, hidden: false, body: 'Hi there', sender: { id: ann.userId } },
  })
  expect(dataOf(await ann.inject('GET', messagesOf(chat.id)))).toEqual({ messages: [first, second], hasMore: false })
  const { latest, changes } = dataOf(await bo.inject('GET', `/api/v1/chats/${chat.id}/changes`))
  expect(latest).toBe(5)
  expect(changes.map(({ kind, change }: { kind: string; change: number }) => [change, kind])).toEqual([
    [2, 'member'],
    [3, 'chat'],
    [4, 'message'],
    [5, 'message'],
  ])
  expect(changes.slice(2).map(({ message }: { message: object }) => message)).toEqual([first, second])
  expect(dataOf(await ann.inject('GET', '/api/v1/chats')).chats[0]).toMatchObject({
    id: chat.id,
    lastMessage: second,
    unreadCount: 1,
    change: 5,
    lastSeq: 2,
  })
})

test('a chat that somebody is not in answers 404 to each of their requests', async () => {
  const { chat } = dataOf(await create(ann, { type: 'group', name: 'Garden', memberIds: [bo.userId] }))
  const answers = await Promise.all([
    stranger.inject('GET', `/api/v1/chats/${chat.id}`),
    stranger.inject('GET', `/api/v1/chats/${chat.id}/changes`),
    stranger.inject('GET', messagesOf(chat.id)),
    stranger.inject('POST', messagesOf(chat.id), { clientId: newId(), body: 'Hi' }),
  ])
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404])
})
