import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@muster/db'
import { parseRedisUrl } from '@muster/redis'
import { eventually, insertMessage, type OwnRedis, startOwnRedis } from '@muster/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, createClient, type TestApp, type TestUser } from '../../testing/test-app.ts'
import {
  ask,
  connectSocket,
  type Instance,
  recordEvents,
  socketOf,
  startInstance,
  type TestSocket,
} from '../testing/sockets.ts'
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

/** Connects, and waits until the socket is in the rooms of its chats. */
const connect = async (client: TestUser, on: Pick<Instance, 'app'>) => {
  const socket = await connectSocket(client, on)
  open.push(socket)
  await ask(socket, 'register', { userId: client.userId })
  return socket
}

test('each socket gets every change in order while both instances write', async () => {
  const chatId = await createGroup(ann, [ben, cat])
  const onOther = createClient(other.app, ben.cookies, () => {})
  const received = [
    recordChanges(await connect(ann, api), chatId),
    recordChanges(await connect(ben, other), chatId),
    recordChanges(await connect(cat, other), chatId),
  ]
  const sent = []
  for (let burst = 0; burst < 10; burst++)
    sent.push(
      ...(await Promise.all(
        [ann, onOther, ann, onOther].map((from, index) => send(from, chatId, `${burst}.${index}`)),
      )),
    )
  const last = Math.max(...sent.map(({ change }) => change))
  await eventually(() => {
    for (const events of received) expect(numbersOf(events).at(-1)).toBe(last)
  })
  for (const events of received) {
    assertInOrder(events)
    expect(numbersOf(events)).toEqual(sent.map(({ change }) => change).sort((a, b) => a - b))
  }
})

test('a chat that is created is followed at once, from the change by which each member joined', async () => {
  const sockets = [await connect(ann, api), await connect(ben, other), await connect(cat, other)]
  const received = sockets.map((socket) => recordEvents(socket, 'chat:change'))
  const chatId = await createGroup(ann, [ben, cat])
  const { change } = await send(ann, chatId, 'Hello')
  await eventually(() => {
    for (const events of received) expect(numbersOf(events).at(-1)).toBe(change)
  })
  for (const events of received) {
    assertInOrder(events)
    expect(events.every((event) => event.chatId === chatId)).toBe(true)
  }
  const members = received.map((events) => {
    const [first] = events
    return first?.kind === 'member' ? first.member.user.id : first
  })
  expect(members).toEqual([ann.userId, ben.userId, cat.userId])
})

test('a signal that got lost is made good within 2 s, and a new chat too', async () => {
  // An instance whose signals reach nobody.
  const mute = await startInstance(api, { redis: parseRedisUrl('redis://127.0.0.1:1') })
  const onMute = createClient(mute.app, ben.cookies, () => {})
  const [near, far] = [await connect(cat, mute), await connect(ann, api)]
  const nearAll = recordEvents(near, 'chat:change')
  const farAll = recordEvents(far, 'chat:change')
  const { chat } = dataOf(
    await onMute.inject('POST', '/api/v1/chats', { type: 'group', name: 'Shed', memberIds: [ann.userId, cat.userId] }),
  )
  await send(onMute, chat.id, 'Hello')
  const sentMs = performance.now()
  await eventually(() => expect(bodiesOf(nearAll)).toEqual(['Hello']), { intervalMs: 5 })
  const nearMs = performance.now() - sentMs
  await eventually(() => expect(bodiesOf(farAll)).toEqual(['Hello']), { intervalMs: 5 })
  const farMs = performance.now() - sentMs
  await send(ann, chat.id, 'Welcome')
  await eventually(() => expect(bodiesOf(nearAll)).toEqual(['Hello', 'Welcome']))
  for (const events of [nearAll, farAll]) assertInOrder(events)
  await mute.close()
  expect(nearMs).toBeLessThan(1_000)
  expect(farMs).toBeLessThan(2_500)
})

test('changes keep their order while one sender has a number and does not commit', async () => {
  const chatId = await createGroup(ann, [ben])
  const received = recordChanges(await connect(ben, other), chatId)
  const stalled = Promise.withResolvers<void>()
  const numbered = Promise.withResolvers<void>()
  const slow = api.db.transaction().execute(async (trx) => {
    await insertMessage(trx, { id: chatId }, { id: ann.userId }, { body: 'slow' })
    numbered.resolve()
    await stalled.promise
  })
  await numbered.promise
  const quick = send(ben, chatId, 'quick')
  await expect(Promise.race([quick, sleep(500, 'waits')])).resolves.toBe('waits')
  expect(received).toEqual([])
  stalled.resolve()
  await slow
  await quick
  await eventually(() => expect(bodiesOf(received)).toEqual(['slow', 'quick']))
  assertInOrder(received)
})

test.each([
  ['restarted', () => redis.restart(500)],
  [
    'frozen',
    async () => {
      redis.freeze()
      await sleep(3_000)
      redis.thaw()
    },
  ],
  ['flushed', () => redis.client.flushall()],
])('no change is lost, doubled or out of order while Redis is %s', async (_name, disturb) => {
  const chatId = await createGroup(ann, [ben, cat])
  const onOther = createClient(other.app, ben.cookies, () => {})
  const received = [recordChanges(await connect(cat, api), chatId), recordChanges(await connect(cat, other), chatId)]
  const sent: string[] = []
  let isOver = false
  const write = async () => {
    for (let index = 0; !isOver || index < 10; index++) {
      sent.push(`${index}`)
      await send(index % 2 ? ann : onOther, chatId, `${index}`)
    }
  }
  const writing = write()
  await disturb()
  isOver = true
  await writing
  await eventually(() => {
    for (const events of received) expect(bodiesOf(events)).toEqual(sent)
  })
  for (const events of received) assertInOrder(events)
})

test('clients are told what to fetch again: when they connect, after a gap, and when a process could not publish', async () => {
  const socket = socketOf(ann, api)
  open.push(socket)
  const told = recordEvents(socket, 'stale')
  const all = ['tasks', 'attachments', 'invites', 'presence', 'typing', 'read-positions']
  await eventually(() => expect(told).toEqual([{ kinds: all }]))
  await redis.restart()
  await eventually(() => expect(told).toHaveLength(2))
  expect(told[1]).toEqual({ kinds: all })
  const signals = [
    { room: `user:${ann.userId}`, event: 'stale', lost: ['task', 'chat:read'] },
    { room: `user:${ben.userId}`, event: 'stale', lost: ['invite'] },
  ]
  await eventually(async () => {
    await redis.client.publish('muster:signals:v1:0', JSON.stringify({ from: newId(), signals }))
    expect(told.at(-1)).toEqual({ kinds: ['tasks', 'read-positions'] })
  })
})
