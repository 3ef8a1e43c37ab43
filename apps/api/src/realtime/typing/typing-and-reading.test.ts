import { newId } from '@muster/db'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDirect, createGroup, send } from '../../modules/chats/testing/chat-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import {
  ask,
  connectSocket,
  type Instance,
  nextEvent,
  recordEvents,
  startInstance,
  type TestSocket,
} from '../testing/sockets.ts'

let api: TestApp
let other: Instance
let ann: TestUser
let bob: TestUser
let annSocket: TestSocket
let bobSocket: TestSocket
let chatId: string

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  other = await startInstance(api)
})
beforeEach(async () => {
  for (const instance of [api, other]) await untilRevocationsAreFresh(instance)
  ann = await api.signUp()
  bob = await colleague()
  chatId = (await createGroup(ann, [bob])).id
  annSocket = await connectSocket(ann, api)
  bobSocket = await connectSocket(bob, other)
})
afterAll(async () => {
  await other.close()
  await api.close()
})

const colleague = () => api.signUp({ role: 'client_user', organizationId: ann.organizationId as string })
const type = (socket: TestSocket, isTyping = true, id = chatId) => ask(socket, 'chat:typing', { chatId: id, isTyping })
const sees = (socket: TestSocket, isTyping: boolean) =>
  nextEvent(socket, 'chat:typing', (event) => event.isTyping === isTyping)

/** Types like a client, which repeats its sign: one that finds the revocations unknown, as after a stall, is dropped. */
async function typeUntilSeen(): Promise<void> {
  const begun = sees(bobSocket, true)
  const signs = setInterval(() => void type(annSocket), 3_100)
  try {
    await type(annSocket)
    await begun
  } finally {
    clearInterval(signs)
  }
}

describe('typing', () => {
  test('is told to the other members on every instance once in 3 s, and ends after 6 s', async () => {
    const [mine, theirs] = [recordEvents(annSocket, 'chat:typing'), recordEvents(bobSocket, 'chat:typing')]
    const begun = sees(bobSocket, true)
    const ended = sees(bobSocket, false)
    // At once, and measured from before: a busy machine may take seconds for each step.
    const startMs = performance.now()
    const answers = await Promise.all(Array.from({ length: 5 }, () => type(annSocket)))
    expect(answers).toEqual(Array(5).fill({ success: true, data: {} }))
    expect(await begun).toEqual({ chatId, userId: ann.userId, isTyping: true })
    await ended
    const tookMs = performance.now() - startMs
    expect(tookMs).toBeGreaterThan(5_500)
    expect(theirs.map(({ isTyping }) => isTyping)).toEqual([true, false])
    expect(mine).toEqual([])
    const again = sees(bobSocket, true)
    await type(annSocket)
    await again
  })

  test.each<[string, () => Promise<unknown>]>([
    ['the typist says so', () => type(annSocket, false)],
    ['the message comes', () => send(ann, chatId)],
    ['the typist disconnects', async () => annSocket.disconnect()],
    ['the typist leaves', () => ann.inject('POST', `/api/v1/chats/${chatId}/leave`, { successorId: bob.userId })],
  ])('ends when %s', async (_what, end) => {
    await typeUntilSeen()
    const startMs = performance.now()
    const ended = sees(bobSocket, false)
    await end()
    expect(await ended).toMatchObject({ userId: ann.userId })
    expect(performance.now() - startMs).toBeLessThan(5_000)
  })

  test('goes on when an older message of the typist changes, or another member writes', async () => {
    const message = await send(ann, chatId)
    await typeUntilSeen()
    const theirs = recordEvents(bobSocket, 'chat:typing')
    const changed = nextEvent(bobSocket, 'chat:change', ({ kind }) => kind === 'message')
    await ann.inject('PATCH', `/api/v1/chats/${chatId}/messages/${message.id}`, { body: 'Changed' })
    await changed
    const written = nextEvent(bobSocket, 'chat:change', ({ kind }) => kind === 'message')
    await send(bob, chatId)
    await written
    expect(theirs).toEqual([])
  })

  test('is refused in foreign chats, and in a direct chat that is read-only', async () => {
    const direct = await createDirect(ann, bob)
    expect(await type(annSocket, true, direct.id)).toMatchObject({ success: true })
    await bob.inject('POST', `/api/v1/friends/${ann.userId}/block`)
    for (const isTyping of [true, false])
      expect(await type(annSocket, isTyping, direct.id)).toMatchObject({ error: { code: 'FORBIDDEN' } })
    const foreign = await createGroup(bob, [await colleague()])
    for (const id of [foreign.id, newId()])
      expect(await type(annSocket, true, id)).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })
})

describe('read positions', () => {
  const read = (socket: TestSocket, seq: number, id = chatId) => ask(socket, 'chat:read', { chatId: id, seq })

  test('are answered at once and told to all members and own devices once in a second', async () => {
    for (let index = 0; index < 3; index++) await send(bob, chatId)
    const device = await connectSocket(ann, other)
    const [mine, theirs] = [recordEvents(device, 'chat:read'), recordEvents(bobSocket, 'chat:read')]
    const told = Promise.all([device, bobSocket].map((socket) => nextEvent(socket, 'chat:read')))
    const answers = []
    for (const seq of [1, 2, 3, 2]) answers.push(await read(annSocket, seq))
    expect(answers.map((answer) => answer.success && answer.data.readSeq)).toEqual([1, 2, 3, 3])
    await told
    expect([mine, theirs]).toEqual([
      [{ chatId, userId: ann.userId, readSeq: 3 }],
      [{ chatId, userId: ann.userId, readSeq: 3 }],
    ])
  })

  test('are refused beyond the last message and in foreign chats', async () => {
    expect(await read(annSocket, 1)).toMatchObject({
      error: { code: 'VALIDATION_FAILED', details: [{ path: 'payload.seq' }] },
    })
    expect(await read(annSocket, 0, newId())).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })

  test.each<[string, () => Promise<unknown>]>([
    ['the reader turned receipts off', () => ann.inject('PUT', '/api/v1/users/me/preferences', { receipts: false })],
    ['the viewer turned receipts off', () => bob.inject('PUT', '/api/v1/users/me/preferences', { receipts: false })],
    ['one has blocked the other', () => bob.inject('POST', `/api/v1/friends/${ann.userId}/block`)],
    [
      'the chat has more than 50 members',
      async () => {
        const users = await Promise.all(Array.from({ length: 49 }, colleague))
        chatId = (await createGroup(ann, [bob, ...users])).id
        await send(bob, chatId)
      },
    ],
  ])('are told to own devices alone when %s', async (_what, change) => {
    await send(bob, chatId)
    await change()
    const device = await connectSocket(ann, other)
    const theirs = recordEvents(bobSocket, 'chat:read')
    const mine = nextEvent(device, 'chat:read')
    await read(annSocket, 1)
    await mine
    // On the same instance, the events of one moment leave together.
    await ask(bobSocket, 'register', { userId: bob.userId })
    expect(theirs).toEqual([])
  })

  test('close the notification about the messages that were read', async () => {
    await send(bob, chatId)
    const row = { id: newId(), user_id: ann.userId, type: 'chat', title: '1 new message', message: 'Bob wrote.' }
    await api.db
      .insertInto('notifications')
      .values({ ...row, chat_id: chatId, data: JSON.stringify({ event: 'chatMessages', lastSeq: 1 }) })
      .execute()
    const unread = async () => (await ann.inject('GET', '/api/v1/notifications/unread-count')).json().data.count
    await read(annSocket, 0)
    expect(await unread()).toBe(1)
    const told = nextEvent(annSocket, 'notification:count')
    await read(annSocket, 1)
    expect([await unread(), (await told).count]).toEqual([0, 0])
  })
})
