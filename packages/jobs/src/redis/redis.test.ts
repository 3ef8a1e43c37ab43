import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { checkRedis, failFastRedis, parseRedisUrl, type RedisSettings } from '@muster/redis'
import { createTestRedis, startRedisCluster, startRedisNode } from '@muster/testing'
import { expect, onTestFinished, test } from 'vitest'

const open = async (settings: RedisSettings) => {
  const redis = failFastRedis(settings, { enableAutoPipelining: true })
  onTestFinished(() => redis.disconnect())
  await once(redis, 'ready')
  return redis
}

test('what a cluster would refuse fails in tests on one server too', async () => {
  const { url, close } = await createTestRedis()
  onTestFinished(close)
  const redis = await open(parseRedisUrl(url))
  const crossing = [
    () => redis.mget('a', 'b'),
    () => redis.eval('return 1', 2, 'a', 'b'),
    () => redis.pipeline().get('a').get('b').exec(),
    () => redis.multi().set('a', '1').set('b', '1').exec(),
  ]
  for (const run of crossing) await expect(run()).rejects.toThrow(/CROSSSLOT|EXECABORT/)
  expect(await Promise.all([redis.set('a', '1'), redis.set('b', '1'), redis.mget('{x}a', '{x}b')])).toHaveLength(3)
  expect(await redis.multi().set('{x}a', '1').set('{x}b', '2').exec()).toHaveLength(2)
})

test('a cluster is refused while one of its masters evicts keys, and names it', async () => {
  const cluster = await startRedisCluster({ hasReplicas: false })
  onTestFinished(cluster.stop)
  const settings = parseRedisUrl(cluster.url)
  const id = randomUUID()
  await checkRedis(settings, id)
  const [, , third] = cluster.masters
  await third?.client.config('SET', 'maxmemory-policy', 'volatile-lru')
  await expect(checkRedis(settings, id)).rejects.toThrow(new RegExp(`:${third?.port}.*volatile-lru.*noeviction`))
  await third?.client.config('SET', 'maxmemory-policy', 'noeviction')
  await expect(checkRedis(settings, randomUUID())).rejects.toThrow(/belongs to the installation .*muster redis claim/)
})

test('a connection whose master became a replica opens another one, which leads to the new master', async () => {
  const node = await startRedisNode({})
  onTestFinished(node.stop)
  const redis = await open(parseRedisUrl(`redis://127.0.0.1:${node.port}`))
  await node.client.replicaof('127.0.0.1', 1)
  const reconnected = once(redis, 'close')
  await expect(redis.set('a', '1')).rejects.toThrow('READONLY')
  await reconnected
})
