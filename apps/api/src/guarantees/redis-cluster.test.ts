import { profileKey } from '@muster/cache'
import { parseRedisUrl } from '@muster/redis'
import { eventually, type RedisCluster, startRedisCluster } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { login, mailedCode, newUser, password, register, verify } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

let cluster: RedisCluster
let api: TestApp
const outages: unknown[] = []

beforeAll(async () => {
  cluster = await startRedisCluster({ hasReplicas: false })
  api = await buildTestApp({
    config: { redis: parseRedisUrl(cluster.url), rateLimitScale: 1 },
    onLog: (line) => {
      if (String(line.msg).includes('redis')) outages.push(line)
    },
  })
  await eventually(async () => {
    const health = (await api.connect().inject('GET', '/health')).json()
    expect(health.checks.redis).toMatchObject({ status: 'up' })
  })
})
afterAll(async () => {
  await api.close()
  await cluster.stop()
})

/** Lists the keys of all masters. */
const keys = async () => (await Promise.all(cluster.masters.map(({ client }) => client.keys('*')))).flat()

test('a Redis Cluster serves registration, cooldowns, limits, caches, presence and queues', async () => {
  const user = newUser()
  const client = api.connect()
  expect((await register(client, user)).statusCode).toBe(202)
  const again = await register(api.connect(), user)
  expect([again.statusCode, again.json().error.code]).toEqual([429, 'COOLDOWN'])
  const verified = await verify(client, user.email, await mailedCode(api, user.email))
  expect(verified.statusCode).toBe(201)
  const { id } = verified.json().data.user

  await client.inject('GET', '/api/v1/users/me')
  await eventually(async () => expect(await keys()).toContain(profileKey(id)))
  expect((await client.inject('PATCH', '/api/v1/users/me', { name: 'Renamed' })).statusCode).toBe(200)
  expect((await client.inject('GET', '/api/v1/users/me')).json().data.user.name).toBe('Renamed')

  expect((await login(api.connect(), user.email, `${password}x`)).statusCode).toBe(401)
  await client.inject('POST', '/api/v1/auth/forgot-password', { email: user.email })
  await eventually(async () => {
    const present = await keys()
    for (const prefix of [
      'limit:',
      'guard:{',
      'mails:{register:',
      'mails:{reset:',
      'user:presence:',
      '{muster-email}:',
    ])
      expect(
        present.filter((key) => key.startsWith(prefix)),
        prefix,
      ).not.toEqual([])
  })

  const admin = await api.signUp({ role: 'super_admin' })
  const queues = (await admin.inject('GET', '/api/v1/admin/queues')).json().data.queues
  expect(queues.find(({ name }: { name: string }) => name === 'email').waiting).toBeGreaterThan(0)
  expect(outages).toEqual([])
})
