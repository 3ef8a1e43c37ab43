import { setTimeout as sleep } from 'node:timers/promises'
import { parseRedisUrl } from '@muster/redis'
import { eventually, type OwnRedis, startOwnRedis } from '@muster/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dataOf, succeeded } from '../../testing/succeeded.ts'
import { buildTestApp, createClient, type TestApp, type TestUser } from '../../testing/test-app.ts'
import { ask, connectSocket, type Instance, startInstance, type TestSocket } from '../testing/sockets.ts'
import { assertInOrder, bodiesOf, createGroup, numbersOf, recordChanges, send } from './testing/chat-clients.ts'

let redis: OwnRedis
let api: TestApp
let other: Instance
let ann: TestUser
let ben: TestUser
let cat: TestUser
const open: TestSocket[] = []

beforeAll(async () => {
  redis = await startOwnRedis()
  api = await buildTestApp({ config: { redis: parseRedisUrl(redis.url) } })
  await api.listen()
  other = await startInstance(api)
  ann = await api.signUp()
  const organizationId = ann.organizationId as string
  ben = await api.signUp({ role: 'client_user', organizationId })
  cat = await api.signUp({ role: 'client_user', organizationId })
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect()
})
afterAll(async () => {
  await other.close()
  await api.close()
  await redis.stop()
})

const connect = async (client: TestUser, on: Pick<Instance, 'app'>) => {
  const socket = await connectSocket(client, on)
  open.push(socket)
  await ask(socket, 'register', { userId: client.userId })
  return socket
}
const add = async (chatId: string, user: TestUser) =>
  succeeded(await ann.inject('POST', `/api/v1/chats/${chatId}/members`, { userIds: [user.userId] }))
const remove = async (chatId: string, user: TestUser) =>
  succeeded(await ann.inject('DELETE', `/api/v1/chats/${chatId}/members/${user.userId}`))

test('who joins late gets later messages alone, and changes of earlier ones as hidden', async () => {
  const chatId = await createGroup(ann, [ben])
  const early = await send(ann, chatId, 'early')
  const received = recordChanges(await connect(cat, other), chatId)
  const old = recordChanges(await connect(ben, other), chatId)
  await add(chatId, cat)
  await ann.inject('PATCH', `/api/v1/chats/${chatId}/messages/${early.id}`, { body: 'earlier' })
  const { change } = await send(ann, chatId, 'late')
  await eventually(() => {
    for (const events of [received, old]) expect(numbersOf(events).at(-1)).toBe(change)
  })
  expect(received.map(({ kind }) => kind)).toEqual(['member', 'hidden', 'message'])
  expect(JSON.stringify(received)).not.toContain('earl')
  expect(bodiesOf(old)).toEqual(['earlier', 'late'])
  for (const events of [received, old]) assertInOrder(events)
})

test.each([['alive'], ['dead']] as const)(
  'who is removed gets nothing after it, while messages flow and Redis is %s',
  async (state) => {
    const chatId = await createGroup(ann, [ben, cat])
    const onOther = createClient(other.app, ben.cookies, () => {})
    const sockets = [await connect(cat, api), await connect(cat, other)]
    const received = sockets.map((socket) => recordChanges(socket, chatId))
    const staying = recordChanges(await connect(ben, other), chatId)
    if (state === 'dead') redis.freeze()
    let isOver = false
    const write = async (from: Pick<TestUser, 'inject'>) => {
      while (!isOver) await send(from, chatId, 'secret')
    }
    const writing = [write(ann), write(onOther), write(ann), write(onOther)]
    await sleep(700)
    await remove(chatId, cat)
    await sleep(700)
    isOver = true
    await Promise.all(writing)
    const { change } = await send(ann, chatId, 'last')
    redis.thaw()
    await eventually(() => expect(numbersOf(staying).at(-1)).toBe(change))
    for (const events of received) {
      assertInOrder(events)
      expect(events.length).toBeGreaterThan(2)
      expect(events.at(-1)).toMatchObject({
        kind: 'member',
        member: { user: { id: cat.userId }, leftAt: expect.any(String) },
      })
    }
    assertInOrder(staying)
    for (const socket of sockets) {
      const answer = await ask(socket, 'sync', { restoreEpoch: null, chats: { [chatId]: 1 }, notifications: null })
      expect(answer).toMatchObject({
        success: true,
        data: { chats: expect.arrayContaining([{ id: chatId, ended: true }]) },
      })
    }
  },
)

test('who is removed and added again while signals are lost starts anew, without what came between', async () => {
  const mute = await startInstance(api, { redis: parseRedisUrl('redis://127.0.0.1:1') })
  const onMute = createClient(mute.app, ann.cookies, () => {})
  const chatId = await createGroup(ann, [ben, cat])
  const received = recordChanges(await connect(cat, other), chatId)
  await send(ann, chatId, 'before')
  await eventually(() => expect(bodiesOf(received)).toEqual(['before']))
  const membersOf = `/api/v1/chats/${chatId}/members`
  succeeded(await onMute.inject('DELETE', `${membersOf}/${cat.userId}`))
  for (let index = 0; index < 60; index++) await send(onMute, chatId, 'secret')
  succeeded(await onMute.inject('POST', membersOf, { userIds: [cat.userId] }))
  await send(onMute, chatId, 'after')
  await eventually(() => expect(bodiesOf(received)).toEqual(['before', 'after']))
  await mute.close()
})

test('a message that was edited and then deleted while a client was away arrives as deleted', async () => {
  const chatId = await createGroup(ann, [ben])
  const message = await send(ann, chatId, 'secret')
  const path = `/api/v1/chats/${chatId}/messages/${message.id}`
  succeeded(await ann.inject('PATCH', path, { body: 'secret too' }))
  succeeded(await ann.inject('DELETE', path))
  const answer = await ask(await connect(ben, api), 'sync', {
    restoreEpoch: null,
    chats: { [chatId]: message.change },
    notifications: null,
  })
  if (!answer.success) throw new Error(answer.message)
  const [entry] = answer.data.chats.filter(({ id }) => id === chatId)
  expect(entry).toMatchObject({
    latest: message.change + 2,
    changes: [{ kind: 'message', change: message.change + 2, message: { id: message.id, body: null } }],
  })
  expect(JSON.stringify(answer)).not.toContain('secret')
  expect(dataOf(await ben.inject('GET', `/api/v1/chats/${chatId}`)).chat.change).toBe(message.change + 2)
})
