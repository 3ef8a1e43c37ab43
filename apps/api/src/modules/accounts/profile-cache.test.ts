import { once } from 'node:events'
import { connect as connectSocket, createServer, type Socket } from 'node:net'
import { eventually, freePort } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp, type TestPerson } from '../../testing/api.ts'

let api: TestApp

let way: Awaited<ReturnType<typeof wayToRedis>>
/** Another instance of the same API, which reaches Redis by that way. */
let far: TestApp

beforeAll(async () => {
  api = await buildTestApp()
  const { database, redisUrl } = api.deps.config
  way = await wayToRedis(redisUrl)
  far = await buildTestApp({ config: { database, redisUrl: way.url } })
  await eventually(async () => expect(await reachesRedis(far)).toBe(true))
})
afterAll(async () => {
  await far.close()
  way.close()
  await api.close()
})

const reachesRedis = ({ deps }: TestApp) => deps.redis.attempt(async () => true, false)

const me = '/api/v1/users/me'
const keyOf = ({ userId }: TestPerson) => `user:profile:v1:${userId}`
const bioOf = async (person: TestPerson) => (await person.inject('GET', me)).json().data.user.bio

/** A way to Redis that can be cut, and on which what an instance writes into the cache can be held up. */
async function wayToRedis(redisUrl: string) {
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
    isHoldingSomething: () => held.length > 0,
    letThrough() {
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

test('what a slow instance read before a change does not get into the cache after it', async () => {
  const person = await api.signUp()
  way.hold()
  const reading = far.connect(person.cookies).inject('GET', me)
  await eventually(() => expect(way.isHoldingSomething()).toBe(true))
  await person.inject('PATCH', me, { bio: 'new' })
  way.letThrough()
  expect((await reading).json().data.user.bio).toBeNull()
  // What was held has arrived when an answer comes back on the same way.
  await eventually(() => far.deps.redis.probe())

  expect(await bioOf(person)).toBe('new')
  expect(JSON.parse((await api.redis.get(keyOf(person))) ?? '{}').user?.bio).toBe('new')
})

test('readings and changes at once leave the last change in the cache', async () => {
  const person = await api.signUp()
  for (let round = 0; round < 20; round++) {
    const readings = Array.from({ length: 10 }, () => bioOf(person))
    await Promise.all([...readings, person.inject('PATCH', me, { bio: `round ${round}` })])
    expect(await bioOf(person)).toBe(`round ${round}`)
  }
})

test('a change made by an instance that does not reach Redis is seen by all when it does again', async () => {
  const person = await api.signUp()
  expect(await bioOf(person)).toBeNull()
  way.cut()
  await eventually(async () => expect(await reachesRedis(far)).toBe(false))
  const changed = await far.connect(person.cookies).inject('PATCH', me, { bio: 'while away' })
  expect(changed.statusCode).toBe(200)
  expect(await bioOf(person)).toBeNull()
  way.mend()
  await eventually(async () => expect(await bioOf(person)).toBe('while away'))
})

test('somebody who dies while filling holds the place for five seconds at most', async () => {
  const person = await api.signUp()
  await api.redis.set(keyOf(person), 'lease:of-somebody-else', 'PX', 5_000)
  expect(await bioOf(person)).toBeNull()
  expect(await api.redis.get(keyOf(person))).toBe('lease:of-somebody-else')
  await api.redis.del(keyOf(person))
  await bioOf(person)
  expect(await api.redis.ttl(keyOf(person))).toBeGreaterThan(590)
})
