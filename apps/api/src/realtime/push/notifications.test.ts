import { newId } from '@muster/db'
import { parseRedisUrl } from '@muster/redis'
import { eventually } from '@muster/testing'
import { sql } from 'kysely'
import { io } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  countOf,
  listAll,
  notify,
  read,
  readAll,
  remove,
} from '../../modules/notifications/testing/notifications-fixtures.ts'
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

let api: TestApp
let other: Instance
const open: TestSocket[] = []

beforeAll(async () => {
  api = await buildTestApp()
  await api.listen()
  other = await startInstance(api)
})
afterEach(() => {
  for (const socket of open.splice(0)) socket.disconnect()
})
afterAll(async () => {
  await other.close()
  await api.close()
})

/** Connects a socket, and records what notifications it is told of. */
async function follow(user: TestUser, on: Pick<Instance, 'app'> = api) {
  const socket = await connectSocket(user, on)
  open.push(socket)
  return {
    socket,
    notifications: recordEvents(socket, 'notification'),
    counts: recordEvents(socket, 'notification:count'),
  }
}
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const news = ({ userId }: TestUser, message: string, type: 'general' | 'security' = 'security') => ({
  userId,
  type,
  title: 'News',
  message,
})
const byId = (one: { id: string }, two: { id: string }) => (one.id < two.id ? -1 : 1)
const messagesOf = (events: { message: string }[]) => events.map(({ message }) => message)
/** Writes a notification without a signal, as the previous release does. */
const insertSilently = ({ userId }: TestUser, message: string) =>
  api.db
    .insertInto('notifications')
    .values({ id: newId(), user_id: userId, type: 'general', title: 'News', message })
    .execute()

test('a notification arrives once and in order at each socket of its user on each instance', async () => {
  const [user, stranger] = [await api.signUp(), await api.signUp()]
  const followers = [await follow(user), await follow(user), await follow(user, other)]
  const foreign = await follow(stranger, other)
  await notify(api, [news(user, 'a'), news(user, 'b')])
  await Promise.all(numbers(10).map((index) => notify(api, [news(user, `c${index}`)])))
  await notify(api, [news(stranger, 'theirs')])
  for (const { notifications, counts } of followers) {
    await eventually(() => expect(counts.at(-1)).toEqual({ count: 12, change: 12 }))
    expect(notifications.map(({ change }) => change)).toEqual(numbers(12).map((index) => index + 1))
    expect(notifications.map(({ notification }) => notification).sort(byId)).toEqual((await listAll(user)).sort(byId))
    expect(messagesOf(notifications).slice(0, 2)).toEqual(['a', 'b'])
    expect(notifications[0]).toMatchObject({ type: 'other', message: 'a', change: 1 })
    expect(notifications[0]?.timestamp).toBe(notifications[0]?.notification.createdAt)
  }
  await eventually(() => expect(messagesOf(foreign.notifications)).toEqual(['theirs']))
})

test('a plain Socket.IO client with nothing but a cookie is told, by WebSocket and by polling', async () => {
  const user = await api.signUp()
  for (const transports of [['websocket'], ['polling']]) {
    const socket = io(urlOf(other), { transports, extraHeaders: { cookie: cookieOf(user) } })
    const told = new Promise((resolve) => socket.on('notification', resolve))
    await new Promise<void>((resolve) => socket.on('connect', resolve))
    const message = `by ${transports}`
    await notify(api, [news(user, message)])
    expect(await told).toMatchObject({ message, notification: { message, isRead: false } })
    socket.disconnect()
  }
})

test('the count follows what another device reads and deletes, and many changes cause few events', async () => {
  const user = await api.signUp()
  const { counts, notifications } = await follow(user, other)
  await notify(
    api,
    numbers(40).map((index) => news(user, `${index}`)),
  )
  await eventually(() => expect(counts.at(-1)?.count).toBe(40))
  const ids = (await listAll(user)).map(({ id }) => id)
  for (const id of ids.slice(0, 20)) succeeded(await read(user, id))
  for (const id of ids.slice(15, 25)) succeeded(await remove(user, id))
  await eventually(() => expect(counts.at(-1)).toEqual({ count: 15, change: 70 }))
  expect(await countOf(user)).toBe(15)
  expect(counts.length).toBeLessThan(25)
  await readAll(user)
  await eventually(() => expect(counts.at(-1)?.count).toBe(0))
  expect(notifications).toHaveLength(40)
})

test('a notification whose signal got lost arrives within 2 s, once and before later ones', async () => {
  const user = await api.signUp()
  const [here, there] = [await follow(user), await follow(user, other)]
  const startMs = performance.now()
  await insertSilently(user, 'silent')
  await eventually(() => expect(messagesOf(there.notifications)).toEqual(['silent']), { intervalMs: 5 })
  await eventually(() => expect(messagesOf(here.notifications)).toEqual(['silent']), { intervalMs: 5 })
  expect(performance.now() - startMs).toBeLessThan(2_500)
  await insertSilently(user, 'another')
  await notify(api, [news(user, 'told')])
  for (const { notifications } of [here, there])
    await eventually(() => expect(messagesOf(notifications)).toEqual(['silent', 'another', 'told']))
})

test('after older data were restored, the numbers begin lower, and later notifications arrive', async () => {
  const user = await api.signUp()
  const { notifications, counts } = await follow(user, other)
  await notify(api, [news(user, 'a'), news(user, 'b'), news(user, 'c')])
  await eventually(() => expect(notifications).toHaveLength(3))
  const ofUser = sql`where user_id = ${user.userId} and change > 1`
  await sql`delete from notification_changes ${ofUser}`.execute(api.db)
  await sql`update notification_counters set change = 1, removed_change = 0 ${ofUser}`.execute(api.db)
  await eventually(() => expect(counts.at(-1)?.change).toBe(1))
  await notify(api, [news(user, 'd')])
  await eventually(() => expect(notifications.at(-1)).toMatchObject({ message: 'd', change: 2 }))
  expect(notifications).toHaveLength(4)
})

test('what is written while revocations are not known is emitted only once they are, whole and in order', async () => {
  const user = await api.signUp()
  const { socket, notifications, counts } = await follow(user, other)
  const arrivedMs: number[] = []
  socket.on('notification', () => arrivedMs.push(performance.now()))
  await notify(api, [news(user, 'before')])
  await eventually(() => expect(counts).toHaveLength(1))
  const blocking = await api.db.startTransaction().execute()
  await sql`lock table sessions in access exclusive mode`.execute(blocking)
  await eventually(() => expect(other.deps.revocations.isFresh()).toBe(false))
  await notify(api, [news(user, 'first')])
  await insertSilently(user, 'second')
  const openedMs = performance.now()
  await blocking.rollback().execute()
  await eventually(() => expect(messagesOf(notifications)).toEqual(['before', 'first', 'second']))
  expect(arrivedMs[1]).toBeGreaterThan(openedMs)
  await eventually(() => expect(counts.at(-1)).toEqual({ count: 3, change: 3 }))
})

test('while Redis is away, a notification arrives on another instance within 1 s', async () => {
  const lonely = await startInstance(api, { redis: parseRedisUrl('redis://127.0.0.1:1') })
  const user = await api.signUp()
  const { notifications } = await follow(user, lonely)
  for (const index of numbers(3)) {
    const startMs = performance.now()
    await notify(api, [news(user, `${index}`)])
    await eventually(() => expect(notifications).toHaveLength(index + 1), { intervalMs: 5 })
    expect(performance.now() - startMs).toBeLessThan(1_000)
  }
  for (const socket of open.splice(0)) socket.disconnect()
  await lonely.close()
})

test('a client misses no notification that commits after it is connected, and gets none of before', async () => {
  const user = await api.signUp()
  await notify(api, [news(user, 'before')])
  let committed = 1
  let isWriting = true
  const writer = (async () => {
    while (isWriting) {
      await notify(api, [news(user, `${committed + 1}`)])
      committed += 1
    }
  })()
  const sockets: { known: number; seen: number[] }[] = []
  for (const index of numbers(12)) {
    const seen: number[] = []
    const startedWith = committed
    const socket = await connectSocket(user, index % 2 ? api : other)
    sockets.push({ known: committed, seen })
    socket.on('notification', ({ change }) => seen.push(change))
    open.push(socket)
    expect(startedWith).toBeGreaterThan(0)
    if (index > 5) open.shift()?.disconnect()
  }
  isWriting = false
  await writer
  for (const { known, seen } of sockets.slice(-4)) {
    await eventually(() => expect(seen.at(-1)).toBe(committed))
    const [first = 0] = seen
    expect(first).toBeGreaterThan(1)
    expect(first).toBeLessThanOrEqual(known + 1)
    expect(seen).toEqual(numbers(seen.length).map((place) => first + place))
  }
})

test('repetitions and what exceeds the hourly limit cause no event of their own', async () => {
  const user = await api.signUp()
  const { notifications, counts } = await follow(user, other)
  const flood = numbers(70).map((index) => news(user, `${index}`, 'general'))
  await notify(
    api,
    flood.slice(0, 59).flatMap((each) => [each, each]),
  )
  await eventually(() => expect(notifications).toHaveLength(59))
  await notify(api, flood.slice(59))
  await eventually(() => expect(counts.at(-1)?.count).toBe(61))
  await notify(api, [news(user, 'one more', 'general')])
  await notify(api, [news(user, 'last')])
  await eventually(() => expect(messagesOf(notifications).at(-1)).toBe('last'))
  expect(notifications).toHaveLength(62)
  expect(notifications.filter(({ type }) => type === 'summary').map(({ message }) => message.slice(0, 7))).toEqual([
    '10 more',
  ])
})

test('notifications by the thousand arrive whole and in order', async () => {
  const user = await api.signUp()
  const { notifications } = await follow(user, other)
  await notify(
    api,
    numbers(1_200).map((index) => news(user, `${index}`)),
  )
  await eventually(() => expect(notifications).toHaveLength(1_200))
  expect(messagesOf(notifications)).toEqual(numbers(1_200).map(String))
})

test('notifications that are read while a thousand are delivered in parts arrive each once', async () => {
  const user = await api.signUp()
  const { notifications } = await follow(user, other)
  const all = numbers(1_200).map((index) => news(user, `${index}`))
  await Promise.all([
    notify(api, all).then(() => readAll(user)),
    eventually(() => expect(notifications.length).toBeGreaterThan(0), { intervalMs: 1 }).then(() => readAll(user)),
  ])
  await eventually(() => expect(notifications).toHaveLength(1_200))
  expect(new Set(messagesOf(notifications)).size).toBe(1_200)
})
