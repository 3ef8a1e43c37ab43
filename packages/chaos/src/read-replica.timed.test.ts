import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually, findProgram, isLongForm, startPgBouncer } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debianPrograms, type ReplicatedPostgres } from './faults/standby.ts'
import type { App } from './system/apps.ts'
import { type System, startSystemWithStandby } from './system/system.ts'
import { createTask, entityOf, newTaskBody } from './users/fixtures.ts'
import { startWriters } from './users/read-your-writes.ts'
import type { User } from './users/user.ts'

const programs = debianPrograms()

/** Every route that may read from the replica. */
const replicaRoutes = [
  'GET /admin/audit-events',
  'GET /admin/audit-events/export',
  'GET /admin/emails',
  'GET /admin/message-reports',
  'GET /admin/users',
  'GET /analytics',
  'GET /analytics/days',
  'GET /analytics/streaks',
  'GET /chats/search',
  'GET /friends',
  'GET /friends/blocked',
  'GET /invites',
  'GET /organization/members',
  'GET /reminders',
  'GET /tasks',
  'GET /tasks/categories',
  'GET /users',
  'GET /users/me/export',
]

describe.skipIf(!programs)('with a read replica (needs Debian’s postgresql)', () => {
  let system: System<ReplicatedPostgres>
  let apis: [App, App]
  /** Has written nothing of late. */
  let reader: User
  beforeAll(async () => {
    system = await startSystemWithStandby(programs as string)
    const env = { DATABASE_REPLICA_URL: system.postgres.standby.url }
    const [first, second] = await Promise.all([
      system.start('api', { env }),
      system.start('api', { env, port: await freePort() }),
      system.start('email-worker'),
    ])
    apis = [first, second]
    reader = await system.registeredUser()
  }, 120_000)
  afterAll(() => system?.close())

  const isUp = () => eventually(async () => expect(await replicaOf(apis[0])).toMatchObject({ status: 'up' }))
  const readsByReplica = async () => (await readsOf(apis)).replica ?? 0
  /** Repeats a try until the replica answered in it: not for two seconds after a sign-in, and not when a busy machine takes a second. */
  const untilReplicaAnswers = async (attempt: () => Promise<void>) => {
    const endMs = performance.now() + 40_000
    while (performance.now() < endMs) {
      const before = await readsByReplica()
      await attempt()
      if ((await readsByReplica()) > before) return
    }
    throw new Error('The replica answered no read.')
  }
  const listed = async (user: User, path: string): Promise<string[]> => {
    const { status, body } = await user.request('GET', path)
    expect(status).toBe(200)
    return Object.values((body as { data: Record<string, { id: string }[]> }).data)
      .flat()
      .map(({ id }) => id)
  }

  test('only lists, search, analytics and exports read from the replica', async () => {
    const { standby } = system.postgres
    const user = await system.registeredUser()
    const admin = await system.registeredUser()
    await system.inspector.query(`update users set role = 'super_admin', organization_id = null where username = $1`, [
      admin.username,
    ])
    await admin.login()
    const taskId = await createTask(user)
    const chat = entityOf(await user.request('POST', '/chats', { type: 'group', name: 'Notes', memberIds: [] }), 'chat')
    const message = await user.request('POST', `/chats/${chat.id}/messages`, {
      clientId: crypto.randomUUID(),
      body: 'a',
    })
    const ids: Record<string, string> = {
      '/tasks': taskId,
      '/chats': chat.id,
      messageId: entityOf(message, 'message').id,
    }
    const queries: Record<string, string> = {
      '/users': '?q=someone',
      '/chats/search': '?q=something',
      '/analytics/days': '?from=2026-01-01&to=2026-01-31',
    }
    const document = (await (await fetch(`${system.apiUrl}/openapi.json`)).json()) as { paths: Record<string, object> }
    const paths = Object.entries(document.paths)
      .filter(([path, operations]) => 'get' in operations && path.startsWith('/api/v1'))
      .map(([path]) => path.replace('/api/v1', ''))
      // They lead to other hosts.
      .filter((path) => !path.startsWith('/auth/google'))
    const ask = async (path: string) => {
      const filled = path.replaceAll(
        /^(\/\w+)?(.*?)\{(\w+)\}/g,
        (_, start = '', between, name) => `${start}${between}${ids[name] ?? ids[start] ?? crypto.randomUUID()}`,
      )
      const answers = [user, admin].map((one) => one.request('GET', filled + (queries[path] ?? '')))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    const count = async () => (await standby.statementsOf('muster-api-replica')).length
    await sleep(2_500)
    await isUp()

    const others = paths.filter((path) => !replicaRoutes.includes(`GET ${path}`))
    const before = await count()
    const statuses: number[] = []
    for (const path of others) statuses.push(...(await ask(path)))
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(15)
    expect(await count()).toBe(before)

    const unused: string[] = []
    for (const path of paths.filter((one) => replicaRoutes.includes(`GET ${one}`))) {
      const soFar = await count()
      // An administrator's own look at users is written to the audit log, and the next list waits for it.
      await eventually(async () => {
        await ask(path)
        expect(await count()).toBeGreaterThan(soFar)
      }).catch(() => unused.push(path))
    }
    expect(unused).toEqual([])
  }, 120_000)

  test('a right that was taken away ends at once, while the replica has not heard of it', async () => {
    const { standby } = system.postgres
    const [owner, member] = [await system.registeredUser(), await system.registeredUser()]
    const [row] = await system.inspector.query<{ id: string }>(
      `update users set role = 'client_user', organization_id = (select organization_id from users where username = $1)
      where username = $2 returning id`,
      [owner.username, member.username],
    )
    const assigneeId = row?.id as string
    await member.login()
    const group = { type: 'group', name: 'Team', memberIds: [assigneeId] }
    await untilReplicaAnswers(async () => {
      const word = `w${crypto.randomUUID().slice(0, 8)}`
      const taskId = entityOf(await owner.request('POST', '/tasks', { ...newTaskBody(word), assigneeId }), 'task').id
      const chatId = entityOf(await owner.request('POST', '/chats', group), 'chat').id
      await owner.request('POST', `/chats/${chatId}/messages`, { clientId: crypto.randomUUID(), body: word })
      await eventually(async () => {
        expect(await listed(member, `/tasks?q=${word}`)).toEqual([taskId])
        expect(await listed(member, `/chats/search?q=${word}`)).toHaveLength(1)
      })
      await isUp()
      await standby.pauseReplay()
      await Promise.all([
        owner.request('PATCH', `/tasks/${taskId}`, { assigneeId: null }),
        owner.request('DELETE', `/chats/${chatId}/members/${assigneeId}`),
      ])
      const seen = await Promise.all([listed(member, `/tasks?q=${word}`), listed(member, `/chats/search?q=${word}`)])
      await standby.resumeReplay()
      expect(seen).toEqual([[], []])
    })
  }, 60_000)

  test('a frozen and a dead replica delay one request for a moment, and no further one', async () => {
    const { standby } = system.postgres
    const durations = async (count: number) => {
      const all: number[] = []
      for (let index = 0; index < count; index++) {
        const { status, durationMs } = await reader.request('GET', '/tasks')
        expect(status).toBe(200)
        all.push(durationMs)
      }
      return all
    }
    const usualMs = Math.max(...(await durations(10)))
    standby.freeze()
    const whileFrozen = await durations(30)
    standby.thaw()
    await isUp()
    await standby.kill()
    const whileDead = await durations(30)
    await standby.restart()
    await isUp()
    for (const all of [whileFrozen, whileDead]) {
      expect(Math.max(...all)).toBeLessThan(700 + 5 * usualMs)
      expect(all.filter((ms) => ms > 250 + 5 * usualMs).length).toBeLessThanOrEqual(1)
    }
  }, 60_000)

  test('a statement that the replay cancels is answered by the primary', async () => {
    const { query } = system.inspector
    await query(`alter function search_query(text) rename to quick_search_query`)
    await query(`create function search_query(given text) returns tsquery language plpgsql as $$ begin
      perform pg_sleep(1); return quick_search_query(given); end $$`)
    await query('create table changing as select generate_series(1, 1000) as number')
    await eventually(
      async () => {
        await isUp()
        const answer = reader.request('GET', '/tasks?q=slow')
        await sleep(400)
        await query('update changing set number = number + 1')
        await query('vacuum changing')
        expect((await answer).status).toBe(200)
        expect((await readsOf(apis)).cancelled).toBeGreaterThan(0)
      },
      { timeoutMs: 60_000 },
    )
    await query('drop function search_query(text)')
    await query(`alter function quick_search_query(text) rename to search_query`)
  }, 90_000)

  test.skipIf(!findProgram('pgbouncer'))(
    'through PgBouncer in transaction mode the replica is used too',
    async () => {
      const { url, standby } = system.postgres
      const bouncers = await Promise.all(
        [url, standby.url].map((target) => startPgBouncer(findProgram('pgbouncer') as string, { target, poolSize: 2 })),
      )
      const [primary, replica] = bouncers.map((bouncer) => bouncer.url) as [string, string]
      const env = { DATABASE_POOLER: 'transaction', DATABASE_URL: primary, DATABASE_REPLICA_URL: replica }
      const api = await system.start('api', { env, port: await freePort() })
      try {
        const at = { at: api.url }
        await eventually(async () => {
          expect(await replicaOf(api)).toMatchObject({ status: 'up' })
          expect((await reader.request('GET', '/tasks', undefined, at)).status).toBe(200)
          expect((await readsOf([api])).replica).toBeGreaterThan(0)
        })
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => reader.request('GET', '/tasks?q=any', undefined, at)),
        )
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      } finally {
        await api.kill()
        await Promise.all(bouncers.map((bouncer) => bouncer.stop()))
      }
    },
    60_000,
  )

  test('a client sees what it wrote in lists, search and analytics, whatever the replica does', async () => {
    const { standby } = system.postgres
    const writers = await startWriters(system, { count: 4, urls: apis.map(({ url }) => url) })
    /** Reads on, as one who wrote nothing of late, until a read was answered in this way, which is the state of the replica. */
    const untilRead = async (way: string) => {
      const before = (await readsOf(apis))[way] ?? 0
      await eventually(async () => {
        await Promise.all(apis.map(({ url }) => reader.request('GET', '/tasks', undefined, { at: url })))
        expect((await readsOf(apis))[way] ?? 0).toBeGreaterThan(before)
      })
    }
    for (let round = 0; round < (isLongForm ? 20 : 1); round++) {
      await untilRead('replica')
      await standby.pauseReplay()
      await untilRead('behind')
      await standby.resumeReplay()
      await standby.delayReplay(300)
      await untilRead('replica')
      await standby.delayReplay(0)
      standby.freeze()
      await untilRead('unavailable')
      standby.thaw()
      await untilRead('replica')
      await standby.kill()
      await untilRead('unavailable')
      await standby.restart()
      await isUp()
    }
    await eventually(async () =>
      expect(await readsOf(apis)).toMatchObject({
        writes_overlap: expect.any(Number),
        not_replayed: expect.any(Number),
      }),
    )
    const { checks, failures } = await writers.stop()
    expect(failures).toEqual([])
    expect(checks).toBeGreaterThan(isLongForm ? 2_000 : 50)
  }, 900_000)

  test('a promoted replica is not used any more, and health names it', async () => {
    const user = await system.registeredUser()
    await system.postgres.standby.query('select pg_promote()')
    await eventually(async () =>
      expect(await replicaOf(apis[0])).toMatchObject({
        status: 'down',
        reason: 'WRITABLE',
        behindMs: expect.any(Number),
      }),
    )
    const taskId = await createTask(user)
    expect(await listed(user, '/tasks')).toEqual([taskId])
    expect(await apis[0].isReady()).toBe(true)
    expect(await listed(reader, '/tasks')).toEqual([])
    expect((await readsOf(apis)).writable).toBeGreaterThan(0)
    await eventually(() =>
      expect(apis[0].output()).toMatch(/"dependency":"replica","reason":"WRITABLE".*dependency unavailable/),
    )
  }, 60_000)
})

type Reads = Record<string, number>

/** Sums the reads by the reason of the primary; those of the replica are `replica`. */
async function readsOf(apis: readonly App[]): Promise<Reads> {
  const sums: Reads = {}
  for (const { opsUrl } of apis) {
    const text = await (await fetch(`${opsUrl}/metrics`)).text()
    for (const [, server, reason, count] of text.matchAll(
      /^muster_replica_reads_total\{server="(\w+)",reason="(\w+)"\} (\d+)/gm,
    )) {
      const key = server === 'replica' ? server : (reason as string)
      sums[key] = (sums[key] ?? 0) + Number(count)
    }
  }
  return sums
}

async function replicaOf({ url }: App): Promise<unknown> {
  const { status, checks } = (await (await fetch(`${url}/health`)).json()) as {
    status: string
    checks: { replica?: { status: string } }
  }
  if (checks.replica?.status === 'down') expect(status).toBe('degraded')
  return checks.replica
}
