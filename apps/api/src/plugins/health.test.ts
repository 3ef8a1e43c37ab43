import { newId } from '@muster/db'
import { createLogger } from '@muster/logger'
import { parseRedisUrl } from '@muster/redis'
import { registry } from '@muster/telemetry'
import { asSuperuser, eventually, freePort, type OwnRedis, startOwnRedis } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { buildApp } from '../app.ts'
import type { Config } from '../config.ts'
import { createDeps } from '../deps.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

/** The promise is 1 s; the rest is for a busy machine. */
const soonMs = 5_000

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp()
})
afterAll(() => api.close())

type Line = Record<string, unknown>

/** Starts another instance on the same database, with other settings and its own log. */
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
  const outageLines = () => lines.filter(({ msg }) => String(msg).startsWith('dependency '))
  return { app, deps, health, outageLines, lines }
}

async function own(settings?: Record<string, string | number>): Promise<OwnRedis> {
  const redis = await startOwnRedis(settings)
  onTestFinished(() => redis.stop())
  return redis
}

const killClients = (redis: OwnRedis) => redis.client.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES')

test('healthy: every dependency is up, and no reason is given', async () => {
  const instance = await startInstance({})
  await eventually(async () => expect(await instance.health()).toMatchObject({ code: 200, status: 'healthy' }))
  const { checks } = await instance.health()
  expect(Object.keys(checks)).toEqual(['postgres', 'redis', 'files', 'outbox', 'clock'])
  expect(JSON.stringify(checks)).not.toContain('reason')
})

describe('unusable Redis makes health degraded, and its reason is logged once', () => {
  test.for([
    {
      reason: 'NOAUTH',
      breakIt: async (redis: OwnRedis) => {
        await redis.client.config('SET', 'requirepass', 'new')
        await killClients(redis)
      },
      repair: (redis: OwnRedis) => redis.client.config('SET', 'requirepass', ''),
    },
    {
      reason: 'READONLY',
      breakIt: (redis: OwnRedis) => redis.client.replicaof('127.0.0.1', '1'),
      repair: (redis: OwnRedis) => redis.client.replicaof('NO', 'ONE'),
    },
    {
      reason: 'OOM',
      breakIt: (redis: OwnRedis) => redis.client.config('SET', 'maxmemory', '1'),
      repair: (redis: OwnRedis) => redis.client.config('SET', 'maxmemory', '0'),
    },
    {
      reason: 'NOREPLICAS',
      breakIt: (redis: OwnRedis) => redis.client.config('SET', 'min-replicas-to-write', '1'),
      repair: (redis: OwnRedis) => redis.client.config('SET', 'min-replicas-to-write', '0'),
    },
    {
      reason: 'NOPERM',
      breakIt: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '-set'),
      repair: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '+@all'),
    },
    {
      // BullMQ publishes jobs by scripts.
      reason: 'NOPERM',
      breakIt: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '-@scripting'),
      repair: (redis: OwnRedis) => redis.client.acl('SETUSER', 'default', '+@all'),
    },
    {
      reason: 'TIMEOUT',
      breakIt: (redis: OwnRedis) => redis.freeze(),
      repair: (redis: OwnRedis) => redis.thaw(),
    },
  ])('$reason', async ({ reason, breakIt, repair }) => {
    const redis = await own()
    const instance = await startInstance({ redis: parseRedisUrl(redis.url) })
    await eventually(async () => expect((await instance.health()).checks.redis.status).toBe('up'))
    const before = instance.outageLines().length

    await breakIt(redis)
    await eventually(async () => {
      const { code, status, checks } = await instance.health()
      expect({ code, status, redis: checks.redis }).toMatchObject({
        code: 200,
        status: 'degraded',
        redis: { status: 'down', reason },
      })
    })
    for (let calls = 0; calls < 3; calls++) await instance.health()
    expect(await registry.metrics()).toContain('muster_dependency_up{dependency="redis"} 0')

    await repair(redis)
    await eventually(async () => expect((await instance.health()).checks.redis).toMatchObject({ status: 'up' }), {
      timeoutMs: 10_000,
    })
    const told = instance
      .outageLines()
      .slice(before)
      .filter(({ level, dependency }) => level === 'warn' && dependency === 'redis')
    // A change of Redis may cut connections, which is noticed first now and then.
    const reasons = told.map((line) => line.reason)
    expect(reasons.filter((one) => one !== 'CONNECTION_LOST')).toEqual([reason])
    expect(new Set(reasons).size).toBe(reasons.length)
    expect(told.at(-1)).toMatchObject({ msg: 'dependency unavailable', reason })
    expect(instance.outageLines().findLast(({ dependency }) => dependency === 'redis')).toMatchObject({
      msg: 'dependency available again',
      reason,
    })
  })

  test('an outage with alternating reasons logs each of them once', async () => {
    const redis = await own()
    const instance = await startInstance({ redis: parseRedisUrl(redis.url) })
    const reasonIs = (reason?: string) =>
      eventually(async () => expect((await instance.health()).checks.redis.reason).toBe(reason), { timeoutMs: 10_000 })
    await reasonIs(undefined)
    const before = instance.outageLines().length

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
    // On a busy machine revocations may go stale, which logs lines about Postgres.
    expect(
      instance
        .outageLines()
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
    const instance = await startInstance({ redis: parseRedisUrl(url(redis)) })
    await eventually(async () =>
      expect((await instance.health()).checks.redis).toMatchObject({ status: 'down', reason }),
    )
    const health = JSON.stringify(await instance.health())
    expect(health).not.toMatch(/wrong-secret|127\.0\.0\.1|nowhere/)
    expect(JSON.stringify(instance.outageLines())).not.toMatch(/wrong-secret|127\.0\.0\.1|nowhere/)
  })

  test('MOVED, by a cluster node with a part of the slots', async () => {
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
      const instance = await startInstance({ redis: parseRedisUrl(node.url) })
      await eventually(async () =>
        expect((await instance.health()).checks.redis).toMatchObject({ status: 'down', reason: 'MOVED' }),
      )
    }
  })
})

describe('unusable Postgres makes health unhealthy, with its reason', () => {
  test('53300 for one connection: signed-in requests are refused, and health has the reason', async () => {
    const role = await newRole('connection limit 2')
    const user = await api.signUp()
    const instance = await startInstance({ database: { ...api.deps.config.database, url: role.url, poolMax: 5 } })
    // Closes all but one connection of the revocations and one of the pool, so that the lookups get none.
    await eventually(async () => {
      await asSuperuser(
        `select pg_terminate_backend(pid) from (
           select pid, row_number() over (partition by application_name order by pid) as place, application_name
           from pg_stat_activity where usename = '${role.name}'
         ) found where application_name = 'muster-api-lookups' or place > 1`,
      )
      await sql`select 1`.execute(instance.deps.db)
      expect(instance.deps.revocations.isFresh()).toBe(true)
    })
    const headers = { cookie: [...user.cookies].map((pair) => pair.join('=')).join('; ') }
    await eventually(async () => {
      const answer = await instance.app.inject({ method: 'GET', url: '/api/v1/users/me', headers })
      expect(answer.statusCode).toBe(503)
    })
    expect(await instance.health()).toMatchObject({
      code: 503,
      status: 'unhealthy',
      checks: { postgres: { status: 'down', reason: '53300' } },
    })
    expect(instance.outageLines()).toContainEqual(
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
    const instance = await startInstance({ database: { ...api.deps.config.database, url: role.url, poolMax: 5 } })
    await eventually(async () =>
      expect(await instance.health()).toMatchObject({ code: 503, checks: { postgres: { reason: '25006' } } }),
    )
    expect(instance.outageLines().findLast(({ dependency }) => dependency === 'postgres')?.connections).toEqual([
      'pool',
      'lookups',
      'revocations',
    ])
  })

  test.for([
    { reason: '28000', breakIt: (url: URL) => Object.assign(url, { username: 'nobody_here' }) },
    { reason: '3D000', breakIt: (url: URL) => Object.assign(url, { pathname: '/nowhere' }) },
    { reason: 'ECONNREFUSED', breakIt: (url: URL) => Object.assign(url, { port: '1' }) },
    { reason: 'ENOTFOUND', breakIt: (url: URL) => Object.assign(url, { hostname: 'nowhere.invalid' }) },
    { reason: 'TLS_NOT_SUPPORTED', breakIt: (url: URL) => Object.assign(url, { search: '?sslmode=require' }) },
  ])('$reason', async ({ reason, breakIt }) => {
    const { href } = breakIt(new URL(api.deps.config.database.url))
    const instance = await startInstance({ database: { ...api.deps.config.database, url: href, poolMax: 5 } })
    const startedMs = performance.now()
    expect(await instance.health()).toMatchObject({ code: 503, checks: { postgres: { status: 'down', reason } } })
    expect(performance.now() - startedMs).toBeLessThan(soonMs)
  })
})

test('a publisher that Postgres refuses logs Postgres as its dependency', async () => {
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

test('health responds within a second while the pool is busy, with one probe for all callers', async () => {
  const instance = await startInstance({ database: { ...api.deps.config.database, poolMax: 1 } })
  await eventually(async () => expect((await instance.health()).code).toBe(200))
  await new Promise<void>((resolve) => {
    void instance.deps.db.transaction().execute(async (trx) => {
      await trx.selectFrom('users').select('id').limit(1).execute()
      await eventually(async () => expect((await instance.health()).checks.postgres.reason).toBe('TIMEOUT'))
      const startedMs = performance.now()
      const answers = await Promise.all(Array.from({ length: 20 }, instance.health))
      expect(answers.every(({ code, checks }) => code === 503 && checks.postgres.reason === 'TIMEOUT')).toBe(true)
      // Twenty probes, one after the other, would take twenty seconds.
      expect(performance.now() - startedMs).toBeLessThan(soonMs)
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
