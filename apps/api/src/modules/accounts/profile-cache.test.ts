import { once } from 'node:events'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { formatRedisUrl, parseRedisUrl } from '@muster/redis'
import { eventually, freePort } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

let api: TestApp

let proxy: Awaited<ReturnType<typeof redisProxy>>
/** Another instance of the API, which reaches Redis through the proxy. */
let throughProxy: TestApp

beforeAll(async () => {
  api = await buildTestApp()
  const { database, redis } = api.deps.config
  proxy = await redisProxy(formatRedisUrl(redis))
  throughProxy = await buildTestApp({ config: { database, redis: parseRedisUrl(proxy.url) } })
  await eventually(async () => expect(await reachesRedis(throughProxy)).toBe(true))
})
afterAll(async () => {
  await throughProxy.close()
  proxy.close()
  await api.close()
})

const reachesRedis = ({ deps }: TestApp) => deps.redis.attempt(async () => true, false)

const me = '/api/v1/users/me'
const keyOf = ({ userId }: TestUser) => `user:profile:v1:${userId}`
const bioOf = async (user: TestUser) => (await user.inject('GET', me)).json().data.user.bio

/** Starts a TCP proxy before Redis that can be cut, and that can delay the writes of profiles into the cache. */
async function redisProxy(redisUrl: string) {
  const target = new URL(redisUrl)
  const held: (() => void)[] = []
  const sockets = new Set<Socket>()
  let isHolding = false
  let isCut = false
  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const upstream = connectSocket({ host: target.hostname, port: Number(target.port) })
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
    upstream.pipe(client)
    client.on('data', (chunk) => {
      const isProfile = chunk.includes('"username"')
      if (isHolding && (isProfile || held.length > 0)) held.push(() => upstream.write(chunk))
      else upstream.write(chunk)
    })
  })
  const port = await freePort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(redisUrl)
  url.port = String(port)
  return {
    url: url.href,
    hold() {
      isHolding = true
    },
    hasHeld: () => held.length > 0,
    release() {
      isHolding = false
      for (const send of held.splice(0)) send()
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend() {
      isCut = false
    },
    close() {
      this.cut()
      server.close()
    },
  }
}

test('a profile that a slow instance read before a change is not cached after it', async () => {
  const user = await api.signUp()
  proxy.hold()
  const reading = throughProxy.connect(user.cookies).inject('GET', me)
  await eventually(() => expect(proxy.hasHeld()).toBe(true))
  await user.inject('PATCH', me, { bio: 'new' })
  proxy.release()
  expect((await reading).json().data.user.bio).toBeNull()
  // The delayed write has arrived when Redis answers on the same connection.
  await eventually(() => throughProxy.deps.redis.probe())

  expect(await bioOf(user)).toBe('new')
  expect(JSON.parse((await api.redis.get(keyOf(user))) ?? '{}').user?.bio).toBe('new')
})

test('reads and changes at once leave the last change in the cache', async () => {
  const user = await api.signUp()
  for (let round = 0; round < 20; round++) {
    const readings = Array.from({ length: 10 }, () => bioOf(user))
    await Promise.all([...readings, user.inject('PATCH', me, { bio: `round ${round}` })])
    expect(await bioOf(user)).toBe(`round ${round}`)
  }
})

test('a change made without Redis invalidates the cache when Redis is back', async () => {
  const user = await api.signUp()
  expect(await bioOf(user)).toBeNull()
  proxy.cut()
  await eventually(async () => expect(await reachesRedis(throughProxy)).toBe(false))
  const changed = await throughProxy.connect(user.cookies).inject('PATCH', me, { bio: 'while away' })
  expect(changed.statusCode).toBe(200)
  expect(await bioOf(user)).toBeNull()
  proxy.mend()
  await eventually(async () => expect(await bioOf(user)).toBe('while away'))
})

test('nothing is cached while another process has the lease', async () => {
  const user = await api.signUp()
  await api.redis.set(keyOf(user), 'lease:of-another-process', 'PX', 5_000)
  expect(await bioOf(user)).toBeNull()
  expect(await api.redis.get(keyOf(user))).toBe('lease:of-another-process')
  await api.redis.del(keyOf(user))
  await bioOf(user)
  expect(await api.redis.ttl(keyOf(user))).toBeGreaterThan(590)
})
