import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { createTestRedis, eventually, startOwnRedis, type TestRedis } from '@muster/testing'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { createCache } from './cache.ts'
import { invalidateAnalytics, invalidateProfile } from './invalidate.ts'
import { analyticsKey, profileKey } from './keys.ts'
import { openCache } from './open-cache.ts'

let redis: TestRedis

beforeAll(async () => {
  redis = await createTestRedis()
})
beforeEach(() => redis.client.flushdb())
afterAll(() => redis.close())

const schema = z.object({ count: z.int() })
const key = 'user:profile:v1:ada'

/** Creates a cache whose Redis can be made unavailable, and collects the lines that it logs. */
function createTestCache() {
  const lines: Record<string, unknown>[] = []
  const log = createLogger({
    name: 'test',
    level: 'info',
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  })
  let isAway = false
  const cache = createCache({
    redis: { attempt: (command, fallback) => (isAway ? Promise.resolve(fallback) : command(redis.client)) },
    log,
  })
  onTestFinished(() => void cache.close())
  return {
    cache,
    lines,
    setAway(next: boolean) {
      isAway = next
    },
  }
}

test('a cached value is served without reading until it expires', async () => {
  const { cache } = createTestCache()
  const read = vi.fn(async () => ({ count: 1 }))
  let ttlMs = 60_000
  const ask = () => cache.through(key, { name: 'profile', schema, ttlMs: () => ttlMs, read })
  expect([await ask(), await ask()]).toEqual([{ count: 1 }, { count: 1 }])
  expect(read).toHaveBeenCalledTimes(1)
  const leftMs = await redis.client.pttl(key)
  expect([leftMs > 59_000, leftMs <= 60_000]).toEqual([true, true])
  ttlMs = 0
  await ask()
  expect(read).toHaveBeenCalledTimes(2)
})

test.each([
  ['of another shape', '{"count":"one"}'],
  ['that is no JSON', '{"count":'],
])('a cached text %s counts as missing', async (_, text) => {
  const { cache } = createTestCache()
  await redis.client.set(key, text)
  expect(
    await cache.through(key, { name: 'profile', schema, ttlMs: () => 60_000, read: async () => ({ count: 2 }) }),
  ).toEqual({
    count: 2,
  })
})

test('a value that was read before an invalidation is not cached', async () => {
  const { cache } = createTestCache()
  const read = async () => {
    await cache.invalidate([key])
    return { count: 1 }
  }
  expect(await cache.through(key, { name: 'profile', schema, ttlMs: () => 60_000, read })).toEqual({ count: 1 })
  expect(await redis.client.exists(key)).toBe(0)
})

test('a reader that finds a lease reads and leaves the lease alone', async () => {
  const { cache } = createTestCache()
  await redis.client.set(key, 'lease:of-another-reader', 'PX', 5_000)
  await cache.through(key, { name: 'profile', schema, ttlMs: () => 60_000, read: async () => ({ count: 1 }) })
  expect(await redis.client.get(key)).toBe('lease:of-another-reader')
})

test('changes during an outage of Redis are invalidated when it is available again', async () => {
  const { cache, setAway } = createTestCache()
  await redis.client.mset(profileKey('ada'), '{"count":1}', analyticsKey('ada'), '{"count":1}')
  setAway(true)
  await invalidateProfile({ cache }, 'ada')
  await invalidateAnalytics({ cache }, ['ada', null, 'ada'])
  setAway(false)
  await eventually(async () => expect(await redis.client.exists(profileKey('ada'), analyticsKey('ada'))).toBe(0))
  expect(await cache.close()).toBe(0)
})

test('without Redis every call reads', async () => {
  const { cache, setAway } = createTestCache()
  setAway(true)
  const read = vi.fn(async () => ({ count: 1 }))
  for (let call = 0; call < 2; call++) await cache.through(key, { name: 'profile', schema, ttlMs: () => 60_000, read })
  expect(read).toHaveBeenCalledTimes(2)
})

test('keys that are still cached when the cache closes are logged', async () => {
  const { cache, lines, setAway } = createTestCache()
  setAway(true)
  await cache.invalidate([profileKey('ada'), profileKey('lee')])
  expect(await cache.close()).toBe(2)
  expect(lines).toMatchObject([
    { level: 'warn', component: 'cache', keys: 2, msg: 'cached values not invalidated, they expire on their own' },
  ])
})

test('a cache with its own connection invalidates at once, and after Redis was frozen', async () => {
  const own = await startOwnRedis()
  onTestFinished(() => own.stop())
  const cache = openCache({
    redisSettings: parseRedisUrl(own.url),
    log: createLogger({ name: 'test', level: 'silent' }),
  })
  onTestFinished(() => void cache.close())
  await own.client.mset(profileKey('ada'), '{}', profileKey('lee'), '{}')
  await invalidateProfile({ cache }, 'ada')
  expect(await own.client.exists(profileKey('ada'))).toBe(0)
  own.freeze()
  await invalidateProfile({ cache }, 'lee')
  own.thaw()
  await eventually(async () => expect(await own.client.exists(profileKey('lee'))).toBe(0))
})

test('a cache whose Redis cannot be reached rejects no invalidation', async () => {
  const cache = openCache({
    redisSettings: parseRedisUrl('redis://127.0.0.1:1'),
    log: createLogger({ name: 'test', level: 'silent' }),
  })
  await invalidateProfile({ cache }, 'ada')
  expect(await cache.close()).toBe(1)
})
