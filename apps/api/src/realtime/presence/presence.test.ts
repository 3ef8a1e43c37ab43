import { newId } from '@muster/db'
import { renewLeases } from '@muster/presence'
import { parseRedisUrl } from '@muster/redis'
import { eventually, manualClock, type OwnRedis, startOwnRedis } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeFriends } from '../../modules/chats/testing/chat-fixtures.ts'
import { buildTestApp, type TestApp, type TestUser, untilRevocationsAreFresh } from '../../testing/test-app.ts'
import {
  ask,
  connectSocket,
  disconnected,
  type Instance,
  nextEvent,
  recordEvents,
  startInstance,
  type TestSocket,
} from '../testing/sockets.ts'

const clock = manualClock()
const second = 1_000
let redis: OwnRedis
let api: TestApp
let other: Instance
let watcher: TestUser
let colleague: TestUser

beforeAll(async () => {
  redis = await startOwnRedis()
  api = await buildTestApp({ clock, config: { redis: parseRedisUrl(redis.url) } })
  await api.listen()
  // With the limits of production.
  other = await startInstance(api, { rateLimitScale: 1 })
})
beforeEach(async () => {
  await untilRevocationsAreFresh(api)
  watcher = await api.signUp()
  colleague = await api.signUp({ role: 'client_user', organizationId: watcher.organizationId as string })
})
afterAll(async () => {
  await other.close()
  await api.close()
  await redis.stop().catch(() => {})
})

const subscribe = async (socket: TestSocket, ...users: Pick<TestUser, 'userId'>[]) => {
  const answer = await ask(socket, 'presence:subscribe', { userIds: users.map(({ userId }) => userId) })
  if (!answer.success) throw new Error(answer.message)
  return answer.data.presence.map(({ status }) => status)
}
const told = (socket: TestSocket, status: 'online' | 'offline' | null, { userId } = colleague) =>
  nextEvent(socket, 'presence', (event) => event.userId === userId && event.status === status)
const close = async (socket: TestSocket) => {
  const closed = disconnected(socket)
  socket.disconnect()
  await closed
}
/** Closes the last socket of a user, and waits until Redis knows. */
const leave = async (socket: TestSocket, { userId }: TestUser) => {
  await close(socket)
  await eventually(async () => expect((await recordOf(userId)).closed).toBe(clock.now().getTime()))
}
/** Reads the record of a user in Redis. */
const recordOf = async (userId: string): Promise<Record<string, number>> => {
  const key = `user:presence:v2:${userId}`
  const members = await api.deps.redis.require((client) => client.zrange(key, 0, '-1', 'WITHSCORES'))
  return Object.fromEntries(members.flatMap((name, index) => (index % 2 ? [] : [[name, Number(members[index + 1])]])))
}
const statusOf = async ({ userId } = colleague) =>
  (await watcher.inject('GET', `/api/v1/users/${userId}`)).json().data.user.status

test('a socket makes its user online on every instance; its close makes them offline after 10 s', async () => {
  const socket = await connectSocket(watcher, api)
  expect(await subscribe(socket, colleague)).toEqual(['offline'])
  const online = told(socket, 'online')
  const theirs = await connectSocket(colleague, other)
  await online
  expect(await statusOf()).toBe('online')

  // A request counts five minutes, but the close wins.
  await colleague.inject('GET', '/api/v1/tasks')
  await api.deps.presence.flush()
  const events = recordEvents(socket, 'presence')
  await leave(theirs, colleague)
  clock.advance(9 * second)
  expect(await statusOf()).toBe('online')
  expect(events).toEqual([])
  const at = clock.now().getTime() - 9 * second
  const offline = told(socket, 'offline')
  clock.advance(second)
  expect(await offline).toEqual({
    userId: colleague.userId,
    status: 'offline',
    lastSeenAt: new Date(at).toISOString(),
  })
  expect(await statusOf()).toBe('offline')

  // The next request counts again.
  const again = told(socket, 'online')
  clock.advance(second)
  await colleague.inject('GET', '/api/v1/tasks')
  await api.deps.presence.flush()
  await again
  await close(socket)
})

test('one of two sockets that closes leaves its user online, and 20 quick reloads leave no ghost', async () => {
  const socket = await connectSocket(watcher, api)
  const first = await connectSocket(colleague, api)
  for (let reload = 0; reload < 20; reload++) await close(await connectSocket(colleague, reload % 2 ? api : other))
  clock.advance(30 * second)
  await eventually(async () => expect(await subscribe(socket, colleague)).toEqual(['online']))
  const offline = told(socket, 'offline')
  await leave(first, colleague)
  clock.advance(10 * second)
  await offline
  expect(Object.keys(await recordOf(colleague.userId)).filter((name) => name.startsWith('lease:'))).toEqual([])
  await close(socket)
})

test('the sockets of a killed instance count 60 s, and a request of their user 5 minutes', async () => {
  const socket = await connectSocket(watcher, api)
  const [killed, active] = [colleague, await api.signUp({ organizationId: watcher.organizationId as string })]
  await active.inject('GET', '/api/v1/tasks')
  await api.deps.presence.flush()
  const now = clock.now().getTime()
  await renewLeases(api.deps.redis, 'killed-instance', [
    [killed.userId, now],
    [active.userId, now],
  ])
  expect(await subscribe(socket, killed, active)).toEqual(['online', 'online'])
  clock.advance(59 * second)
  expect(await subscribe(socket, killed, active)).toEqual(['online', 'online'])
  const offline = told(socket, 'offline', killed)
  clock.advance(second)
  await offline
  expect(await subscribe(socket, killed, active)).toEqual(['offline', 'online'])
  await close(socket)
})

test('whoever hides, unfriends, blocks or leaves is offline to others at once, and back when that ends', async () => {
  const friend = await api.signUp()
  await makeFriends(api, watcher, friend)
  const socket = await connectSocket(watcher, other)
  const sockets = [await connectSocket(friend, api), await connectSocket(colleague, api)]
  await eventually(async () => expect(await subscribe(socket, friend, colleague)).toEqual(['online', 'online']))
  const changes: [TestUser, () => Promise<unknown>, 'online' | 'offline'][] = [
    [friend, () => friend.inject('PUT', '/api/v1/users/me/preferences', { presence: false }), 'offline'],
    [friend, () => friend.inject('PUT', '/api/v1/users/me/preferences', {}), 'online'],
    [friend, () => watcher.inject('DELETE', `/api/v1/friends/${friend.userId}`), 'offline'],
    [colleague, () => colleague.inject('POST', `/api/v1/friends/${watcher.userId}/block`), 'offline'],
    [colleague, () => colleague.inject('DELETE', `/api/v1/friends/${watcher.userId}/block`), 'online'],
    [colleague, () => colleague.inject('DELETE', `/api/v1/organization/members/${colleague.userId}`), 'offline'],
  ]
  for (const [user, change, status] of changes) {
    const event = told(socket, status, user)
    expect((await (change() as Promise<{ statusCode: number }>)).statusCode).toBeLessThan(300)
    const { lastSeenAt } = await event
    if (status === 'offline') expect(lastSeenAt).toBeNull()
  }
  for (const each of [...sockets, socket]) await close(each)
})

test('a stranger, a user who does not exist and one who hides look the same', async () => {
  const stranger = await api.signUp()
  const theirs = await connectSocket(stranger, api)
  const socket = await connectSocket(watcher, api)
  const answer = await ask(socket, 'presence:subscribe', { userIds: [stranger.userId, newId()] })
  expect(answer).toMatchObject({
    success: true,
    data: { presence: Array(2).fill({ status: 'offline', lastSeenAt: null }) },
  })
  for (const each of [theirs, socket]) await close(each)
})

test('a socket watches 500 users at most, and unsubscribing makes room', async () => {
  const socket = await connectSocket(watcher, other)
  const ids = Array.from({ length: 501 }, () => newId())
  expect(await ask(socket, 'presence:subscribe', { userIds: ids })).toMatchObject({
    error: { code: 'VALIDATION_FAILED' },
  })
  expect(await ask(socket, 'presence:subscribe', { userIds: ids.slice(1) })).toMatchObject({ success: true })
  const one = { userIds: ids.slice(0, 1) }
  expect(await ask(socket, 'presence:subscribe', one)).toMatchObject({ error: { code: 'CONFLICT' } })
  expect(await ask(socket, 'presence:unsubscribe', { userIds: ids.slice(1, 2) })).toMatchObject({ success: true })
  expect(await ask(socket, 'presence:subscribe', one)).toMatchObject({ success: true })
  await close(socket)
})

test('while Redis is away, presence is null for sockets, and HTTP keeps to what Postgres knows', async () => {
  const socket = await connectSocket(watcher, api)
  const theirs = await connectSocket(colleague, other)
  await eventually(async () => expect(await subscribe(socket, colleague)).toEqual(['online']))
  const unknown = told(socket, null)
  await redis.stop()
  await unknown
  expect(await subscribe(socket, colleague)).toEqual([null])
  expect(['online', 'offline']).toContain(await statusOf())
  for (const each of [theirs, socket]) await close(each)
})
