import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newId, readInstallationId } from '@muster/db'
import { migrateToLatest, rollBack } from '@muster/db/migrator'
import type { Report } from '@muster/doctor'
import { createAnnouncements } from '@muster/jobs/processes'
import { openQueue } from '@muster/jobs/queue'
import { checkKeyRings } from '@muster/keys'
import { failFastRedis, formatRedisUrl, parseRedisUrl } from '@muster/redis'
import { createStorage } from '@muster/storage'
import { startS3Server } from '@muster/storage/testing'
import {
  asSuperuser,
  createAuthority,
  createTestDatabase,
  freePort,
  inboxSmtpUrl,
  insertChatFile,
  insertGroup,
  insertReminder,
  insertTask,
  insertUser,
  type OwnRedis,
  startOwnRedis,
} from '@muster/testing'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ringsOf } from '../config.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { testEnvironment } from '../testing/test-environment.ts'
import { examineEnvironment } from './doctor.ts'
import { muster, ringText } from './testing/cli-fixtures.ts'

let api: TestApp
let redis: OwnRedis
let folder: string
let well: NodeJS.ProcessEnv

const secrets = [
  'S3cret-Word',
  'S3cret%2DWord',
  ...[1, 2, 3, 4, 5, 6, 7].map((fill) => Buffer.alloc(32, fill).toString('base64')),
]

beforeAll(async () => {
  ;[api, redis, folder] = await Promise.all([
    buildTestApp(),
    startOwnRedis({ 'maxmemory-policy': 'noeviction' }),
    mkdtemp(join(tmpdir(), 'muster-doctor-')),
  ])
  await checkKeyRings(api.deps, ringsOf(api.deps.config))
  await redis.client.set('muster:installation', await readInstallationId(api.db))
  well = {
    ...testEnvironment({ databaseUrl: api.deps.config.database.url, redisUrl: redis.url, folder }),
    SMTP_URL: inboxSmtpUrl(),
    MAIL_FROM: 'Muster <no-reply@muster.test>',
    PUBLIC_URL: await api.listen(),
  }
  await createStorage({ driver: 'local', localDir: join(folder, 'files') }).owner.claim(
    await readInstallationId(api.db),
  )
})
afterAll(async () => {
  await api.close()
  await redis.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Examines an installation, whose report must contain no secret. @returns the ids of the findings */
async function examine(env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const report = (await examineEnvironment({ ...well, ...env })).data as Report
  const text = JSON.stringify(report)
  for (const secret of secrets) expect(text).not.toContain(secret)
  const found = report.checks.flatMap(({ findings }) => findings)
  for (const { what, remedy } of found)
    expect([what, remedy]).toEqual([expect.stringMatching(/\.$/), expect.stringMatching(/\w{3}/)])
  return found.map(({ id }) => id)
}

const listening = async <S extends Server>(server: S): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

function smtpPort(server: SMTPServer): Promise<number> {
  server.on('error', () => {})
  onTestFinished(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.server.address() as AddressInfo).port))
  })
}

test('a healthy installation has no finding, and each part of it is checked', async () => {
  const { data, isWell } = await examineEnvironment(well)
  const { checks } = data as Report
  expect(checks.filter(({ status }) => status !== 'well')).toEqual([])
  expect(isWell).toBe(true)
  const run = await muster(api, 'doctor', { env: well as Record<string, string> })
  expect([run.code, run.stderr]).toEqual([0, ''])
  expect(run.stdout).toMatch(/Nothing is wrong in 18 checks/)
})

const other = (port: number) => `postgres://muster:S3cret-Word@127.0.0.1:${port}/muster`
const url = () => new URL(api.deps.config.database.url)
const withPath = (change: (url: URL) => void) => {
  const changed = url()
  change(changed)
  return changed.href
}
const agoMs = (ms: number) => new Date(Date.now() - ms)
const minuteMs = 60_000

/** Each fault is real: it lies in the settings, in a service or in the data. The function returns the settings that have it. */
const faults: Record<string, () => Promise<NodeJS.ProcessEnv | undefined> | NodeJS.ProcessEnv> = {
  configuration: () => ({ MAIL_FROM: 'nobody', REFRESH_TOKEN_KEYS: 'S3cret-Word' }),
  'postgres-unreachable': async () => ({ DATABASE_URL: other(await freePort()) }),
  'postgres-silent': async () => ({ DATABASE_URL: other(await listening(createServer(() => {}))) }),
  'postgres-sign-in': () => ({
    DATABASE_URL: withPath((changed) => Object.assign(changed, { username: 'nobody_here', password: 'S3cret-Word' })),
  }),
  'postgres-no-database': () => ({
    DATABASE_URL: withPath((changed) => Object.assign(changed, { pathname: '/nowhere' })),
  }),
  'replica-writable': () => ({ DATABASE_REPLICA_URL: api.deps.config.database.url }),
  'redis-unreachable': async () => ({ REDIS_URL: `redis://:S3cret-Word@127.0.0.1:${await freePort()}` }),
  'redis-sign-in': () => ({ REDIS_URL: redis.url.replace('//', '//muster:S3cret-Word@') }),
  'key-ring': () => ({ ENCRYPTION_KEYS: ringText({ k1: 66 }) }),
  folder: async () => {
    await writeFile(join(folder, 'file'), '')
    return { STAGING_DIR: join(folder, 'file', 'staging') }
  },
  'smtp-unreachable': async () => ({ SMTP_URL: `smtp://me:S3cret-Word@127.0.0.1:${await freePort()}` }),
  'smtp-sign-in': async () => {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ password }, _, callback) => callback(new Error(`535 5.7.8 ${password} is wrong`)),
    })
    return { SMTP_URL: `smtp://me:S3cret-Word@127.0.0.1:${await smtpPort(server)}` }
  },
  'smtp-tls': async () => {
    const authority = await createAuthority()
    onTestFinished(() => authority.remove())
    const { cert, key } = await authority.issue('localhost', ['IP:127.0.0.1'])
    const server = new SMTPServer({ secure: true, cert: await readFile(cert), key: await readFile(key) })
    return { SMTP_URL: `smtps://me:S3cret-Word@127.0.0.1:${await smtpPort(server)}` }
  },
  scanner: () => ({ SCAN_COMMAND: 'no-such-scanner --fdpass' }),
  'sign-in-issuer': async () => ({
    GOOGLE_CLIENT_ID: 'id',
    GOOGLE_CLIENT_SECRET: 'S3cret-Word',
    OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
  }),
  'public-url': async () => {
    const server = createHttpServer((_, response) => response.end('<h1>It works</h1>'))
    return { PUBLIC_URL: `http://127.0.0.1:${await listening(server)}` }
  },
}

test.for(Object.entries(faults))('%s is found in the settings or services, and nothing else', async ([id, inject]) => {
  const startMs = performance.now()
  const found = await examine(await inject())
  expect(new Set(found)).toEqual(new Set([id]))
  expect(performance.now() - startMs).toBeLessThan(10_000)
})

test('a Redis that evicts, is a replica, is full or belongs to another installation is named', async () => {
  const set = (...words: string[]) => redis.client.call('CONFIG', 'SET', ...words)
  await set('maxmemory-policy', 'allkeys-lru')
  expect(await examine()).toEqual(['redis-eviction'])
  await set('maxmemory-policy', 'noeviction')
  await set('maxmemory', String(Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1]) + 100_000))
  expect(await examine()).toEqual(['redis-memory'])
  await set('maxmemory', '0')
  await set('maxclients', '20')
  expect(await examine()).toEqual(['redis-connections'])
  await set('maxclients', '1000')
  await redis.client.set('muster:installation', newId())
  expect(await examine()).toEqual(['redis-owner'])
  await redis.client.set('muster:installation', await readInstallationId(api.db))
  await redis.client.replicaof('127.0.0.1', '1')
  expect(await examine()).toEqual(['redis-mode'])
  await redis.client.replicaof('no', 'one')
  redis.freeze()
  const startMs = performance.now()
  expect(await examine()).toEqual(['redis-silent'])
  expect(performance.now() - startMs).toBeLessThan(10_000)
  redis.thaw()
  expect(await examine()).toEqual([])
})

test('a store of files of another installation, and one with a wrong name, are named', async () => {
  const server = await startS3Server()
  onTestFinished(() => server.close())
  const { owner } = createStorage(server.config)
  await owner.claim('another')
  expect(await examine(server.env)).toEqual(['storage-owner'])
  await owner.replace(await readInstallationId(api.db))
  expect(await examine(server.env)).toEqual([])
  expect([...server.objects.keys()]).toEqual(['muster/.muster-installation'])
  expect(await examine({ ...server.env, S3_BUCKET: 'no-bucket' })).toEqual(['storage-unavailable'])
  expect(await examine({ ...server.env, S3_SECRET_ACCESS_KEY: 'S3cret-Word' })).toEqual(['storage-unavailable'])
})

test('a folder of files that is not there is named when the database has files, and is not made', async () => {
  const env = { STORAGE_LOCAL_DIR: join(folder, 'not-mounted') }
  expect(await examine(env)).toEqual([])
  const uploader = await insertUser(api.db)
  const file = await insertChatFile(api.db, await insertGroup(api.db, [uploader]), uploader)
  onTestFinished(async () => void (await api.db.deleteFrom('attachments').where('id', '=', file.id).execute()))
  expect(await examine(env)).toEqual(['storage-missing'])
  await expect(readFile(env.STORAGE_LOCAL_DIR)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a database that lacks a migration, or allows too few connections, is named', async () => {
  const database = await createTestDatabase({ poolMax: 1 })
  onTestFinished(() => database.drop())
  const env = { DATABASE_URL: database.url }
  await rollBack(database.db)
  const own = await startOwnRedis({ 'maxmemory-policy': 'noeviction' })
  onTestFinished(() => own.stop())
  const elsewhere = { ...env, REDIS_URL: own.url, STORAGE_LOCAL_DIR: join(folder, 'elsewhere') }
  expect(await examine(elsewhere)).toEqual(['migrations-missing'])
  await migrateToLatest(database.db)
  await asSuperuser(`alter database ${new URL(database.url).pathname.slice(1)} connection limit 12`)
  expect(await examine(elsewhere)).toEqual(['postgres-connections'])
})

test('work that is behind is named: outbox, audit, reminders, keys, jobs, queues, a held copy', async () => {
  const user = await insertUser(api.db)
  const job = (row: object) => ({ id: newId(), queue: 'email', name: 'send-email', payload: '{}', ...row })
  const cases: [string, () => Promise<() => unknown>][] = [
    [
      'held',
      async () => {
        await api.db.updateTable('installation').set({ held_at: new Date() }).execute()
        return () => api.db.updateTable('installation').set({ held_at: null }).execute()
      },
    ],
    ['outbox-behind', () => inserted('outbox', job({ created_at: agoMs(2 * minuteMs) }))],
    ['failed-jobs', () => inserted('outbox', job({ failed_at: new Date(), error: 'S3cret-Word' }))],
    [
      'audit-behind',
      () =>
        inserted('audit_pending', {
          id: newId(),
          action: 'task.created',
          target_type: 'task',
          target_id: newId(),
          created_at: agoMs(5 * minuteMs),
        }),
    ],
    [
      'reminders-late',
      async () => {
        const { id } = await insertReminder(api.db, await insertTask(api.db, user), {
          scheduled_at: agoMs(5 * minuteMs),
        })
        return () => api.db.deleteFrom('reminders').where('id', '=', id).execute()
      },
    ],
    [
      'key-missing',
      async () => {
        await insertUser(api.db, { id: newId(), password_hash: 'k9$x' })
        return () =>
          api.db.updateTable('users').set({ password_hash: null }).where('password_hash', '=', 'k9$x').execute()
      },
    ],
    [
      'mails-failed',
      async () => {
        const row = () => ({ id: newId(), template: 'welcome', to_address: 'ann@example.com', status: 'failed' })
        await api.db
          .insertInto('email_messages')
          .values(Array.from({ length: 11 }, row))
          .execute()
        return () => api.db.deleteFrom('email_messages').execute()
      },
    ],
    [
      'queue-paused',
      async () => {
        const client = failFastRedis(parseRedisUrl(redis.url))
        await once(client, 'ready')
        const queue = await openQueue('image', client)
        await queue.pause()
        return async () => {
          await queue.resume()
          await queue.close()
          client.disconnect()
        }
      },
    ],
    [
      'queue-behind',
      async () => {
        const client = failFastRedis(parseRedisUrl(redis.url))
        await once(client, 'ready')
        const queue = await openQueue('email', client)
        const added = await queue.add('send-email', {}, { jobId: newId(), timestamp: Date.now() - 10 * minuteMs })
        return async () => {
          await added.remove()
          await queue.close()
          client.disconnect()
        }
      },
    ],
  ]
  const withdraw = await announced(inOrder, Date.now() + 10 * minuteMs)
  for (const [id, inject] of cases) {
    const undo = await inject()
    expect(await examine()).toEqual([id])
    await undo()
  }
  await withdraw()
  const undo = await inserted('outbox', job({ created_at: agoMs(2 * minuteMs) }))
  expect(await examine()).toEqual(['process-missing', 'outbox-behind'])
  await undo()
  expect(await examine()).toEqual([])
})

test('a database that takes no writes is named', async () => {
  const name = new URL(api.deps.config.database.url).pathname.slice(1)
  await asSuperuser(`alter database ${name} set default_transaction_read_only = on`)
  onTestFinished(() => asSuperuser(`alter database ${name} reset default_transaction_read_only`))
  expect(await examine()).toContain('postgres-read-only')
})

/** libfaketime, of Debian's package `faketime`. */
const [fakeTime] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')

test.skipIf(!fakeTime)('a clock that differs from that of Postgres is named, with what follows from it', async () => {
  const at = async (seconds: number) => {
    const env = {
      ...well,
      LD_PRELOAD: fakeTime,
      FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}`,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
    return (await muster(api, 'doctor', { env: env as Record<string, string> })).stdout
  }
  expect(await at(5)).toMatch(/The clock of this machine is [45]\.\d s ahead of that of Postgres\./)
  expect(await at(-60)).toMatch(/is (59|60)\.\d s behind that of Postgres, so that no process here becomes ready/)
})

test.skipIf(process.getuid?.() !== 0)('a disk that is nearly full is named, with its folder', async (context) => {
  const disk = await mkdtemp(join(tmpdir(), 'muster-disk-'))
  const run = promisify(execFile)
  await run('mount', ['-t', 'tmpfs', '-o', 'size=80m', 'tmpfs', disk]).catch(() => context.skip('may not mount'))
  onTestFinished(async () => {
    await run('umount', [disk])
    await rm(disk, { recursive: true })
  })
  expect(await examine({ STAGING_DIR: disk })).toEqual([])
  await writeFile(join(disk, 'upload'), Buffer.alloc(50 * 1024 ** 2))
  expect(await examine({ STAGING_DIR: disk })).toEqual(['disk'])
})

const inOrder = ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker']

/** Announces processes as they do themselves, at a time: a frozen one leaves that of its last announcement. */
async function announced(names: readonly string[], atMs: number): Promise<() => Promise<unknown>> {
  const all = names.map((name) => createAnnouncements(redis.client, name, () => atMs))
  await Promise.all(all.map((one) => one.announce()))
  return () => Promise.all(all.map((one) => one.withdraw()))
}

test('a process that was killed, is frozen or was never started is named, unless it was replaced', async () => {
  const apiAlone = { REDIS_URL: formatRedisUrl(api.deps.config.redis) }
  const { stdout } = await muster(api, 'doctor', { env: { ...well, ...apiAlone } as Record<string, string> })
  for (const name of inOrder.slice(1)) expect(stdout).toContain(`No ${name} runs.`)
  expect(stdout).not.toContain('No api runs.')

  const frozen = await announced(['email-worker'], Date.now() - 10 * minuteMs)
  const alone = (await examineEnvironment(well)).data as Report
  expect(alone.checks.flatMap(({ findings }) => findings)).toMatchObject([
    {
      id: 'process-missing',
      what: expect.stringMatching(/No email-worker runs: .*frozen, and announced itself 10 min ago/),
    },
  ])
  const others = await announced(inOrder.slice(2).concat('api'), Date.now())
  expect(await examine()).toEqual(['process-missing'])
  const replaced = await announced(['email-worker'], Date.now())
  expect(await examine()).toEqual([])
  await Promise.all([frozen, others, replaced].map((withdraw) => withdraw()))
  expect(await examine()).toEqual([])
})

test('one frozen process beside others of its kind is a warning', async () => {
  const running = await Promise.all(
    inOrder.map(async (name) => {
      let atMs = Date.now() - 20 * minuteMs
      const one = createAnnouncements(redis.client, name, () => atMs)
      atMs = Date.now()
      await one.announce()
      return one
    }),
  )
  const frozen = await announced(['audit-worker'], Date.now() - 10 * minuteMs)
  expect(await examine()).toEqual(['process-silent'])
  await Promise.all([frozen(), ...running.map((one) => one.withdraw())])
})

test('a PUBLIC_URL without an address, without a server, without TLS and with a wrong certificate are told apart', async () => {
  const whatOf = async (publicUrl: string) => {
    const { checks } = (await examineEnvironment({ ...well, PUBLIC_URL: publicUrl })).data as Report
    return checks.flatMap(({ findings }) => findings).map(({ id, what }) => `${id}: ${what}`)
  }
  const plain = await listening(createHttpServer((_, response) => response.end()))
  const authority = await createAuthority()
  onTestFinished(() => authority.remove())
  const { cert, key } = await authority.issue('localhost', ['IP:127.0.0.1'])
  const tls = createHttpsServer({ cert: await readFile(cert), key: await readFile(key) }, (_, reply) => reply.end())
  expect(await whatOf('https://muster.invalid')).toEqual([
    expect.stringMatching(/^public-url: .*muster.invalid.* no address/),
  ])
  expect(await whatOf(`https://127.0.0.1:${await freePort()}`)).toEqual([
    expect.stringMatching(/^public-url: Nothing listens/),
  ])
  expect(await whatOf(`https://127.0.0.1:${plain}`)).toEqual([
    expect.stringMatching(/^public-url-tls: .* speaks no TLS/),
  ])
  expect(await whatOf(`https://127.0.0.1:${await listening(tls)}`)).toEqual([
    expect.stringMatching(/^public-url-tls: The certificate/),
  ])
})

test('users who all have the address of a proxy are noticed, whether it is trusted or not', async () => {
  const users = await Promise.all(Array.from({ length: 5 }, () => insertUser(api.db)))
  const row = (index: number) => ({
    id: newId(),
    user_id: users[index % 5]?.id as string,
    ip: '10.0.0.3',
    seed: Buffer.alloc(32),
    created_at: new Date(),
    expires_at: new Date(),
    last_used_at: new Date(),
    rotated_at: new Date(),
  })
  await api.db
    .insertInto('sessions')
    .values(Array.from({ length: 25 }, (_, index) => row(index)))
    .execute()
  expect(await examine()).toEqual(['client-address'])
  expect(await examine({ TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual(['client-address'])
  expect(await examine({ TRUSTED_PROXIES: '192.0.2.1' })).toEqual([])
  await api.db.deleteFrom('sessions').where('ip', '=', '10.0.0.3').execute()
})

test('in the container of one process, settings of others are no fault unless they are asked for', async () => {
  const env = { ...well, SMTP_URL: '', MAIL_FROM: '' } as Record<string, string>
  const run = await muster(api, 'doctor --json', { env })
  const report = JSON.parse(run.stdout) as Report
  expect([run.code, report.isWell]).toEqual([0, true])
  expect(report.checks.find(({ name }) => name === 'configuration')).toMatchObject({
    status: 'unchecked',
    reason: expect.stringMatching(/email-worker \(none of SMTP_URL, MAIL_FROM\)/),
  })
  const asked = await muster(api, 'doctor --process api,email-worker', { env })
  expect([asked.code, asked.stdout]).toEqual([
    1,
    expect.stringMatching(/error: configuration\n {2}SMTP_URL is missing/),
  ])
  const unknown = await muster(api, 'doctor --process web', { env })
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('--process takes some of api')])
})

async function inserted(
  table: 'outbox' | 'audit_pending',
  row: { id: string; [column: string]: unknown },
): Promise<() => unknown> {
  await api.db
    .insertInto(table)
    .values(row as never)
    .execute()
  return () => api.db.deleteFrom(table).where('id', '=', row.id).execute()
}
