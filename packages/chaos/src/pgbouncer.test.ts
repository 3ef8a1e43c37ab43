import { createDb } from '@muster/db'
import { eventually, findProgram, isLongForm, type PgBouncer, startPgBouncer } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChaosPostgres } from './faults/postgres.ts'
import { type App, appNames, type Env } from './system/apps.ts'
import { connectionsOf } from './system/connections-of.ts'
import { runMigrator } from './system/database.ts'
import { muster } from './system/muster-command.ts'
import { type System, startSystemWithOwnPostgres } from './system/system.ts'
import { createReminder, createTask, newTaskBody, retryOn503, uploadPhoto } from './users/fixtures.ts'
import { startLoad } from './users/load.ts'
import { sendSignedInTraffic } from './users/signed-in-traffic.ts'
import type { User } from './users/user.ts'

type Counted = { processes: { name: string; postgres: number; redis: number }[] }

const program = findProgram('pgbouncer')

describe.skipIf(!program)('behind PgBouncer in transaction mode (Debian package pgbouncer)', () => {
  let system: System<ChaosPostgres>
  let pgbouncer: PgBouncer
  let env: Env
  const apps: App[] = []

  beforeAll(async () => {
    system = await startSystemWithOwnPostgres()
    // Sessions of this database get other formats than Muster's, unless these reach Postgres through the pooler.
    await system.inspector.query(`alter database muster set timezone = 'Asia/Tokyo'`)
    await system.inspector.query(`alter database muster set datestyle = 'SQL, DMY'`)
    await system.inspector.query(`alter database muster set intervalstyle = 'sql_standard'`)
    pgbouncer = await startPgBouncer(program as string, {
      target: system.postgres.url,
      poolSize: 2,
      settings: { server_login_retry: 1 },
    })
    env = {
      DATABASE_URL: pgbouncer.url,
      DATABASE_POOLER: 'transaction',
      DATABASE_DIRECT_URL: system.postgres.url,
    }
    await runMigrator(env)
    // One after another: each has a minute, on whatever machine.
    for (const name of appNames) apps.push(await system.start(name, { env }))
  })
  afterAll(async () => {
    await pgbouncer?.stop()
    await system?.close()
  })

  test('migrations go past the pooler, and are refused when no way past it is set', async () => {
    const { DATABASE_DIRECT_URL: _, ...withoutDirect } = env
    const [again, refused] = await Promise.allSettled([runMigrator(env), runMigrator(withoutDirect)])
    expect(again).toMatchObject({ status: 'fulfilled', value: expect.stringContaining('nothing to do') })
    expect(refused).toMatchObject({ reason: { stderr: expect.stringMatching(/Set DATABASE_DIRECT_URL to Postgres/) } })
  })

  test('over two connections to Postgres, every job, mail and audit event happens once', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, () => system.registeredUser()))
    const taskIds = await Promise.all([...users, ...users].map(createTask))
    const owner = (index: number) => users[index] as User
    const [first = '', second = ''] = taskIds
    const reminderIds = await Promise.all([createReminder(owner(0), first, 300), createReminder(owner(1), second, 300)])
    const attachmentId = await uploadPhoto(owner(0), first)
    await Promise.all(users.map((user) => sendSignedInTraffic(user, 300)))
    await eventually(async () => expect(await sentReminders(reminderIds)).toBe(2), { timeoutMs: 20_000 })
    await system.inspector.waitUntilIdle()

    expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(await system.inspector.auditCounts('reminder.sent', reminderIds)).toEqual([1, 1])
    expect(await system.inspector.auditCounts('attachment.optimized', [attachmentId])).toEqual([1])
    for (const { email } of users) expect(system.smtp.mailsTo(email).length).toBeGreaterThan(0)
    const messageIds = system.smtp.accepted.map(({ messageId }) => messageId)
    expect(new Set(messageIds).size).toBe(messageIds.length)
    expect(await system.inspector.isAuditChainIntact()).toBe(true)
    const { body } = await owner(0).request('GET', `/tasks/${first}`)
    expect(JSON.stringify(body)).toMatch(/"createdAt":"20\d\d-\d\d-\d\dT[\d:.]+Z"/)
    expect(await connectionsToPostgres()).toBeLessThanOrEqual(2)
    // No process has found a setting without effect.
    expect(system.output()).not.toMatch(/Nothing ensures in Postgres|The sessions of the database have/)
  })

  test.runIf(isLongForm)('no process opens more connections than `muster connections` counts', async () => {
    const { stdout } = await muster(['connections', '--json'], env)
    const { processes } = JSON.parse(stdout) as Counted
    const ports = { postgres: pgbouncer.port, redis: Number(new URL(system.redis.url).port) }
    for (const { name, postgres, redis } of processes) {
      const { pid } = apps.find((app) => app.name === name) as App
      const [toPostgres, toRedis] = [connectionsOf(pid, ports.postgres), connectionsOf(pid, ports.redis)]
      expect([name, toPostgres]).toEqual([name, Math.min(toPostgres, postgres)])
      expect([name, toRedis]).toEqual([name, Math.min(toRedis, redis)])
      expect(toRedis).toBeGreaterThan(redis / 2)
    }
  })

  test('transactions set their own limits, and single statements have that of the role', async () => {
    const options = { pooler: 'transaction', directUrl: undefined, statementTimeoutMs: 1_234 } as const
    const db = createDb({ ...options, url: pgbouncer.url, poolMax: 2, applicationName: 'chaos-pgbouncer' })
    const limits = sql<{ statement: string; idle: string; zone: string }>`select
      current_setting('statement_timeout') as statement, current_setting('TimeZone') as zone,
      current_setting('idle_in_transaction_session_timeout') as idle`
    const inTransaction = await db.transaction().execute((trx) => limits.execute(trx))
    expect(inTransaction.rows).toEqual([{ statement: '1234ms', idle: '10s', zone: 'UTC' }])
    expect((await limits.execute(db)).rows).toEqual([{ statement: '30s', idle: '0', zone: 'UTC' }])
    await expect(sql`select pg_sleep(30)`.execute(db)).rejects.toThrow('Query read timeout')
    await db.destroy()
  })

  test('a process that would set parameters of a session names DATABASE_POOLER=transaction', async () => {
    const { exit, output } = await system.runToExit('audit-worker', { ...env, DATABASE_POOLER: 'session' })
    expect(exit.code).toBe(1)
    expect(output).toContain('unsupported startup parameter')
    expect(output).toContain('set DATABASE_POOLER=transaction')
  })

  test.runIf(isLongForm)(
    'a rolling restart of Postgres behind PAUSE and RESUME loses and repeats nothing',
    async () => {
      const user = await system.registeredUser()
      const load = startLoad([system.apiUrl], user.cookieHeader())
      await moreResponses(load)
      await pgbouncer.command('PAUSE')
      await system.postgres.stop()
      await system.postgres.restart()
      await pgbouncer.command('RESUME')
      await eventually(async () => expect(await health()).toMatchObject({ checks: { postgres: { status: 'up' } } }))
      await moreResponses(load)
      const { failures, createdTaskIds } = await load.stop()
      // Requests that waited too long were refused, and had no other effect.
      expect(failures.filter((failure) => !failure.startsWith('503'))).toEqual([])
      await expectChained(createdTaskIds)
    },
  )

  const faults = [
    { state: 'killed', reasons: ['ECONNREFUSED'], inject: () => pgbouncer.kill(), heal: () => pgbouncer.restart() },
    { state: 'frozen', reasons: ['TIMEOUT'], inject: () => pgbouncer.freeze(), heal: () => pgbouncer.thaw() },
    {
      state: 'without Postgres',
      reasons: ['POOLER_NO_SERVER', 'TIMEOUT'],
      inject: () => system.postgres.kill(),
      heal: () => system.postgres.restart(),
    },
  ]
  test.for(isLongForm ? faults : faults.slice(0, 1))(
    'a pooler that is $state: quick 503, its reason in health, and recovery',
    async ({ reasons, inject, heal }) => {
      const user = await system.registeredUser()
      const before = await sendSignedInTraffic(user, 200)
      await inject()
      try {
        const startMs = performance.now()
        const refused = await Promise.all([
          user.request('POST', '/tasks', newTaskBody()),
          user.request('GET', '/tasks'),
        ])
        for (const { status, headers } of refused) {
          expect(status).toBe(503)
          expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
        }
        expect(performance.now() - startMs).toBeLessThan(5_000)
        await eventually(async () => expect(reasons).toContain((await health()).checks.postgres.reason), {
          timeoutMs: 20_000,
        })
      } finally {
        await heal()
      }
      await eventually(async () => expect((await user.request('GET', '/tasks')).status).toBe(200), {
        timeoutMs: 20_000,
      })
      const after = await retryOn503(() => user.request('GET', '/users/me'))
      expect(after.status).toBe(200)
      await expectChained(before.taskIds)
      expect(apps.every((app) => app.isRunning())).toBe(true)
    },
  )

  test.runIf(isLongForm)('a pooler that takes no more clients is named by health as POOLER_FULL', async () => {
    const full = await startPgBouncer(program as string, {
      target: system.postgres.url,
      poolSize: 2,
      // One for the pool and one for the poll of revocations.
      settings: { max_client_conn: 2 },
    })
    try {
      const second = await system.start('reminder-worker', { env: { ...env, DATABASE_URL: full.url } })
      const taken = createDb({ url: full.url, pooler: 'transaction', poolMax: 2, applicationName: 'chaos-taken' })
      await eventually(async () => {
        await sql`select 1`.execute(taken).catch(() => {})
        expect(second.output()).toContain('"reason":"POOLER_FULL"')
      })
      await taken.destroy()
      await second.kill()
    } finally {
      await full.stop()
    }
  })

  const sentReminders = async (ids: string[]) =>
    (await system.inspector.query(`select from reminders where id = any($1) and status = 'sent'`, [ids])).length

  /** Counts PgBouncer's connections; those of the inspector and of the test are direct. */
  const connectionsToPostgres = async () =>
    (await pgbouncer.command('SHOW SERVERS')).filter(({ database }) => database === 'muster').length

  const moreResponses = async (load: { responseCount(): number }) => {
    const before = load.responseCount()
    await eventually(() => expect(load.responseCount()).toBeGreaterThan(before + 50), { timeoutMs: 30_000 })
  }

  const health = async () =>
    (await (await fetch(`${system.apiUrl}/health`)).json()) as {
      checks: { postgres: { status: string; reason?: string } }
    }

  const expectChained = async (taskIds: string[]) => {
    await system.inspector.waitUntilIdle()
    expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    expect(await system.inspector.isAuditChainIntact()).toBe(true)
  }
})
