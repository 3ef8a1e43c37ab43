import { newId } from '@muster/db'
import { createLogger } from '@muster/logger'
import { registry } from '@muster/telemetry'
import { asSuperuser, eventually, freePort, type OwnRedis, startOwnRedis } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { buildApp } from '../app.ts'
import type { Config } from '../config.ts'
import { createDeps } from '../deps.ts'
import { buildTestApp, type TestApp } from '../testing/api.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

type Line = Record<string, unknown>

/** One more instance on the same database, with other settings and a log of its own. */
async function startInstance(changes: Partial<Config>) {
  const lines: Line[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const log = createLogger({ name: 'api', level: 'info', destination })
  const { close, ...deps } = createDeps({ ...api.deps.config, redisPatienceMs: 150, ...changes }, log)
  const app = await buildApp(deps)
  onTestFinished(async () => {
    await app.close()
    await close()
  })
  const health = async () => {
    const answer = await app.inject({ method: 'GET', url: '/health' })
    return { code: answer.statusCode, ...answer.json() }
  }
  const told = () => lines.filter(({ msg }) => String(msg).startsWith('dependency '))
  return { app, deps, health, told, lines }
}

async function own(settings?: Record<string, string | number>): Promise<OwnRedis> {
  const redis = await startOwnRedis(settings)
  onTestFinished(() => redis.stop())
  return redis
}

const killClients = (redis: OwnRedis) => redis.client.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES')

test('all is well: every part is up, and no reason is given', async () => {
  const instance = await startInstance({})
  await eventually(async () => expect(await instance.health()).toMatchObject({ code: 200, status: 'healthy' }))
  const { checks } = await instance.health()
  expect(Object.keys(checks)).toEqual(['postgres', 'redis', 'outbox', 'clock'])
  expect(JSON.stringify(checks)).not.toContain('reason')
})

describe('Redis that can not be used makes health degraded and is told with its reason, once', () => {
  test.for([
    {
      reason: 'NOAUTH',
      spoil: async (redis: OwnRedis) => {
        await redis.client.config('SET', 'requirepass', 'new')
        await killClients(redis)
      },
      mend: (redis: OwnRedis) => redis.client.config('SET', 'requirepass', ''),
    },
    {
      reason: 'READONLY',
      spoil: (redis: OwnRedis) => redis.client.replicaof('127.0.0.1', '1'),
      mend: (redis: OwnRedis) => redis.client.replicaof('NO', 'ONE'),
    },
    {
      reason: 'OOM',
      spoil: (redis: OwnRedis) => redis.client.config('SET', 'maxmemory', '1'),
      mend: (redis: OwnRedis) => redis.client.config('SET', 'maxmemory', '0'),
    },
    {
      reason: 'NOREPLICAS',
      spoil: (redis: OwnRedis) => redis.client.config('SET', 'min-replicas-to-write', '1'),
      mend: (redis: OwnRedis) => redis.client.config('SET', 'min-replicas-to-write', '0'),
    },
    {
      reason: 'NOPERM',
      spoil: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '-set'),
      mend: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '+@all'),
    },
    {
      // Jobs are published by scripts.
      reason: 'NOPERM',
      spoil: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '-@scripting'),
      mend: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '+@all'),
    },
    {
      reason: 'TIMEOUT',
      spoil: (redis: OwnRedis) => redis.freeze(),
      mend: (redis: OwnRedis) => redis.thaw(),
    },
  ])('$reason', async ({ reason, spoil, mend }) => {
    const redis = await own()
    const instance = await startInstance({ redisUrl: redis.url })
    await eventually(async () => expect((await instance.health()).checks.redis.status).toBe('up'))
    const before = instance.told().length

    await spoil(redis)
    await eventually(async () => {
      const { code, status, checks } = await instance.health()
      expect({ code, status, redis: checks.redis }).toMatchObject({
        code: 200,
        status: 'degraded',
        redis: { status: 'down', reason },
      })
    })
    for (let asked = 0; asked < 3; asked++) await instance.health()
    expect(await registry.metrics()).toContain('muster_dependency_up{dependency="redis"} 0')

    await mend(redis)
    await eventually(async () => expect((await instance.health()).checks.redis).toMatchObject({ status: 'up' }), {
      timeoutMs: 10_000,
    })
    expect(
      instance
        .told()
        .slice(before)
        .filter(({ level, dependency }) => level === 'warn' && dependency === 'redis'),
    ).toEqual([expect.objectContaining({ msg: 'dependency unavailable', dependency: 'redis', reason })])
    expect(instance.told().findLast(({ dependency }) => dependency === 'redis')).toMatchObject({
      msg: 'dependency available again',
      reason,
    })
  })

  test('an outage whose reasons take turns tells each of them once', async () => {
    const redis = await own()
    const instance = await startInstance({ redisUrl: redis.url })
    const reasonIs = (reason?: string) =>
      eventually(async () => expect((await instance.health()).checks.redis.reason).toBe(reason), { timeoutMs: 10_000 })
    await reasonIs(undefined)
    const before = instance.told().length

    await redis.client.config('SET', 'min-replicas-to-write', '1')
    for (let turn = 0; turn < 2; turn++) {
      await reasonIs('NOREPLICAS')
      await redis.client.acl('SETUSER', 'default', '-set')
      await reasonIs('NOPERM')
      await redis.client.acl('SETUSER', 'default', '+set')
    }
    await reasonIs('NOREPLICAS')
    await redis.client.config('SET', 'min-replicas-to-write', '0')
    await reasonIs(undefined)
    // Postgres has lines of its own when the machine is so busy that revocations go stale.
    expect(
      instance
        .told()
        .slice(before)
        .filter(({ dependency }) => dependency === 'redis')
        .map(({ level, reason }) => [level, reason]),
    ).toEqual([
      ['warn', 'NOREPLICAS'],
      ['warn', 'NOPERM'],
      ['info', 'NOREPLICAS'],
    ])
  })

  test.for([
    { reason: 'WRONGPASS', url: ({ port }: OwnRedis) => `redis://:wrong-secret@127.0.0.1:${port}` },
    { reason: 'NOAUTH', url: ({ port }: OwnRedis) => `redis://127.0.0.1:${port}` },
    { reason: 'ECONNREFUSED', url: () => 'redis://127.0.0.1:1' },
    { reason: 'ENOTFOUND', url: () => 'redis://nowhere.invalid' },
    { reason: 'DB_INDEX_OUT_OF_RANGE', url: ({ port }: OwnRedis) => `redis://:right@127.0.0.1:${port}/999` },
  ])('$reason from the start', async ({ reason, url }) => {
    const redis = await own()
    await redis.client.config('SET', 'requirepass', 'right')
    const instance = await startInstance({ redisUrl: url(redis) })
    await eventually(async () =>
      expect((await instance.health()).checks.redis).toMatchObject({ status: 'down', reason }),
    )
    const health = JSON.stringify(await instance.health())
    expect(health).not.toMatch(/wrong-secret|127\.0\.0\.1|nowhere/)
    expect(JSON.stringify(instance.told())).not.toMatch(/wrong-secret|127\.0\.0\.1|nowhere/)
  })

  test('MOVED, by a node that has not all the slots', async () => {
    const node = async () => own({ 'cluster-enabled': 'yes', 'cluster-port': await freePort() })
    const nodes = [await node(), await node()] as const
    const [, busPort] = (await nodes[1].client.config('GET', 'cluster-port')) as [string, string]
    await nodes[0].client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[1].port, busPort)
    await nodes[0].client.cluster('ADDSLOTSRANGE', 0, 8191)
    await nodes[1].client.cluster('ADDSLOTSRANGE', 8192, 16383)
    for (const node of nodes) {
      await eventually(async () => expect(await node.client.cluster('INFO')).toContain('cluster_state:ok'), {
        timeoutMs: 15_000,
      })
      const instance = await startInstance({ redisUrl: node.url })
      await eventually(async () =>
        expect((await instance.health()).checks.redis).toMatchObject({ status: 'down', reason: 'MOVED' }),
      )
    }
  })
})

describe('Postgres that can not be used makes health unhealthy, with its reason', () => {
  test('53300 for one of the connections: signed-in requests are refused, and health says why', async () => {
    const role = await newRole('connection limit 2')
    const person = await api.signUp()
    const instance = await startInstance({ database: { url: role.url, poolMax: 5 } })
    await eventually(async () => expect(instance.deps.revocations.isFresh()).toBe(true))
    // The pool takes the second and last connection of the role, so that the lookups get none.
    await sql`select 1`.execute(instance.deps.db)
    const headers = { cookie: [...person.cookies].map((pair) => pair.join('=')).join('; ') }
    await eventually(async () => {
      const answer = await instance.app.inject({ method: 'GET', url: '/api/v1/users/me', headers })
      expect(answer.statusCode).toBe(503)
    })
    expect(await instance.health()).toMatchObject({
      code: 503,
      status: 'unhealthy',
      checks: { postgres: { status: 'down', reason: '53300' } },
    })
    expect(instance.told()).toContainEqual(
      expect.objectContaining({
        dependency: 'postgres',
        reason: '53300',
        connections: expect.arrayContaining(['lookups']),
      }),
    )
  })

  test('25006 by a server that is read-only', async () => {
    const role = await newRole()
    await asSuperuser(`alter role ${role.name} set default_transaction_read_only = on`)
    const instance = await startInstance({ database: { url: role.url, poolMax: 5 } })
    await eventually(async () =>
      expect(await instance.health()).toMatchObject({ code: 503, checks: { postgres: { reason: '25006' } } }),
    )
    expect(instance.told().findLast(({ dependency }) => dependency === 'postgres')?.connections).toEqual([
      'pool',
      'lookups',
      'revocations',
    ])
  })

  test.for([
    { reason: '28000', spoil: (url: URL) => Object.assign(url, { username: 'nobody_here' }) },
    { reason: '3D000', spoil: (url: URL) => Object.assign(url, { pathname: '/nowhere' }) },
    { reason: 'ECONNREFUSED', spoil: (url: URL) => Object.assign(url, { port: '1' }) },
    { reason: 'ENOTFOUND', spoil: (url: URL) => Object.assign(url, { hostname: 'nowhere.invalid' }) },
    { reason: 'TLS_NOT_SUPPORTED', spoil: (url: URL) => Object.assign(url, { search: '?sslmode=require' }) },
  ])('$reason', async ({ reason, spoil }) => {
    const { href } = spoil(new URL(api.deps.config.database.url))
    const instance = await startInstance({ database: { url: href, poolMax: 5 } })
    const startedMs = performance.now()
    expect(await instance.health()).toMatchObject({ code: 503, checks: { postgres: { status: 'down', reason } } })
    expect(performance.now() - startedMs).toBeLessThan(1_500)
  })
})

test('a publisher whom Postgres refuses its table says that it is Postgres', async () => {
  const instance = await startInstance({})
  await sql`alter table outbox rename to outbox_away`.execute(api.deps.db)
  onTestFinished(async () => {
    await sql`alter table outbox_away rename to outbox`.execute(api.deps.db)
  })
  await eventually(() =>
    expect(instance.lines.find(({ component }) => component === 'publisher')).toMatchObject({
      dependency: 'postgres',
      reason: '42P01',
    }),
  )
})

test('health answers within a second while every connection of the pool is busy, and asks once for all who ask', async () => {
  const instance = await startInstance({ database: { ...api.deps.config.database, poolMax: 1 } })
  await eventually(async () => expect((await instance.health()).code).toBe(200))
  await new Promise<void>((resolve) => {
    void instance.deps.db.transaction().execute(async (trx) => {
      await trx.selectFrom('users').select('id').limit(1).execute()
      const startedMs = performance.now()
      await new Promise((wait) => setTimeout(wait, 600))
      const answers = await Promise.all(Array.from({ length: 20 }, instance.health))
      expect(answers.every(({ code, checks }) => code === 503 && checks.postgres.reason === 'TIMEOUT')).toBe(true)
      expect(performance.now() - startedMs).toBeLessThan(2_500)
      resolve()
    })
  })
  await eventually(async () => expect((await instance.health()).code).toBe(200))
})

async function newRole(options = ''): Promise<{ name: string; url: string }> {
  const name = `role_${newId().replaceAll('-', '')}`
  await asSuperuser(`create role ${name} login ${options} in role pg_read_all_data, pg_write_all_data`)
  const url = new URL(api.deps.config.database.url)
  url.username = name
  return { name, url: url.href }
}
