import { randomUUID } from 'node:crypto'
import { createLogger } from '@muster/logger'
import { collectGarbage, eventually, type OwnRedis, startOwnRedis } from '@muster/testing'
import { Redis, type RedisOptions } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createSignals, type Signal, subscribeSignals } from './index.ts'

let redis: OwnRedis
let publisher: ReturnType<typeof openPublisher>
let subscriber: ReturnType<typeof openSubscriber>

/** As the API and workers connect, see `failFastRedis` of packages/jobs. */
const connect = (options: RedisOptions = {}) => {
  const client = new Redis(`${redis.url}/3`, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
    ...options,
  })
  client.on('error', () => {})
  return client
}

function openPublisher() {
  const client = connect({ socketTimeout: 2_000 })
  return { client, ...createSignals({ redis: client, log: createLogger({ name: 'test', level: 'silent' }) }) }
}

/** Subscribes, and notes everything in the order in which it happens. */
function openSubscriber(ownId: string = randomUUID()) {
  const client = connect({ autoResubscribe: false, socketTimeout: 2_500 })
  const seen: string[] = []
  let commands = 0
  const send = client.sendCommand.bind(client)
  client.sendCommand = (...args) => {
    commands += 1
    return send(...args)
  }
  const subscription = subscribeSignals(
    { redis: client, ownId },
    {
      onSignals: (signals) => {
        for (const { event, room, lost } of signals) seen.push([event, room, lost?.join('+')].filter(Boolean).join(' '))
      },
      onSilence: () => seen.push('silence'),
      onResume: (mayHaveMissed) => seen.push(mayHaveMissed ? 'gap' : 'resume'),
    },
  )
  return { ...subscription, client, seen, countCommands: () => commands }
}

const untilSeen = (...entries: string[]) =>
  eventually(() => expect(subscriber.seen).toEqual(expect.arrayContaining(entries)))
const untilReady = () =>
  eventually(() => expect([publisher.client.status, subscriber.isConnected()]).toEqual(['ready', true]))
const chatId = randomUUID()
const userId = randomUUID()
const change = (number: number): Signal => ({ room: `chat:${chatId}`, event: 'chat:change', chatId, change: number })
const task = (): Signal => ({ room: `user:${userId}`, event: 'task', id: randomUUID() })

beforeAll(async () => {
  redis = await startOwnRedis()
  publisher = openPublisher()
  subscriber = openSubscriber()
})
beforeEach(async () => {
  await untilReady()
  subscriber.seen.length = 0
})
afterAll(async () => {
  publisher.close()
  subscriber.close()
  await redis.stop()
})

test('signals of one tick arrive in order as one message, and the sender gets them without Redis', async () => {
  const own: Signal[] = []
  publisher.onSent((signals) => own.push(...signals))
  const messages: string[] = []
  subscriber.client.on('message', (_channel, text) => messages.push(text))
  publisher.send([change(1)])
  publisher.send([change(2), task()])
  await untilSeen(`task user:${userId}`)
  expect(subscriber.seen).toEqual([`chat:change chat:${chatId}`, `chat:change chat:${chatId}`, `task user:${userId}`])
  expect(messages).toHaveLength(1)
  expect(own.map(({ event }) => event)).toEqual(['chat:change', 'chat:change', 'task'])
})

test('a process skips its own signals, and messages that are no signals do no harm', async () => {
  const echo = openSubscriber(publisher.id)
  await eventually(() => expect(echo.isConnected()).toBe(true))
  const channel = 'muster:signals:v1:3'
  const newer = {
    from: randomUUID(),
    signals: [{ ...task(), event: 'of-a-newer-release' }, { ...task(), body: 'secret' }, task()],
  }
  for (const text of ['', 'null', '{"from":1}', '[]', '{"from":', JSON.stringify(newer)])
    await redis.client.publish(channel, text)
  publisher.send([change(3)])
  await untilSeen(`chat:change chat:${chatId}`)
  expect(subscriber.seen).toEqual([`task user:${userId}`, `chat:change chat:${chatId}`])
  expect(echo.seen).toEqual(['gap', `task user:${userId}`])
  echo.close()
})

test('after a restart of Redis, a gap is told, and what could not be published is named as stale', async () => {
  const down = redis.restart(300)
  await untilSeen('silence')
  expect(subscriber.isConnected()).toBe(false)
  publisher.send([change(4), task(), { room: `chat:${chatId}`, event: 'chat:read', chatId, userId }])
  await down
  await untilSeen('gap', `stale user:${userId} task`, `stale chat:${chatId} chat:read`)
  expect(subscriber.seen.filter((entry) => entry === 'gap')).toHaveLength(1)
})

test('a frozen Redis is noticed within a second, costs no memory or busy loop, and is left behind', async () => {
  redis.freeze()
  const frozenMs = performance.now()
  await untilSeen('silence')
  expect(performance.now() - frozenMs).toBeLessThan(1_500)
  const commands = subscriber.countCommands()
  const heapBytes = () => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const before = heapBytes()
  // 1 MB a second: a client that kept on writing would hold it all.
  const flood = setInterval(() => publisher.send(Array.from({ length: 500 }, task)), 50)
  await new Promise((resolve) => setTimeout(resolve, 3_500))
  clearInterval(flood)
  expect(subscriber.countCommands() - commands).toBeLessThan(40)
  expect(publisher.client.stream?.writableLength ?? 0).toBeLessThan(3_000_000)
  expect(heapBytes() - before).toBeLessThan(60_000_000)
  redis.thaw()
  await untilSeen('gap')
  await untilReady()
  subscriber.seen.length = 0
  publisher.send([change(5)])
  await untilSeen(`chat:change chat:${chatId}`)
})

test('a short freeze and a flush lose no signal', async () => {
  redis.freeze()
  await untilSeen('silence')
  publisher.send([change(6)])
  redis.thaw()
  await untilSeen('resume', `chat:change chat:${chatId}`)
  await redis.client.flushall()
  publisher.send([change(7)])
  await eventually(() => expect(subscriber.seen.filter((entry) => entry.startsWith('chat:change'))).toHaveLength(2))
  expect(subscriber.seen).not.toContain('gap')
})

test('losses of very many rooms become one for all', async () => {
  publisher.client.disconnect(true)
  publisher.send(Array.from({ length: 2_000 }, () => ({ ...task(), room: `user:${randomUUID()}` as const })))
  await untilSeen('stale all task')
})
