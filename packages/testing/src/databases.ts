import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDb, type Db } from '@muster/db'
import { findRedis, freePort, migrate, startRedis, thisMachine } from '@muster/devkit'
import { Redis } from 'ioredis'
import pg from 'pg'
import { fromSetup } from './from-setup.ts'

export type TestDatabase = {
  url: string
  db: Db
  /** Ends every connection to the database and drops it. */
  drop(): Promise<void>
}

export type TestDatabaseOptions = {
  poolMax?: number
  /** True for a database with another locale and other time formats, as in other installations. */
  isForeign?: boolean
  /** False for a database without tables. */
  isMigrated?: boolean
}

/** Creates a migrated, empty database for a test file, cloned from the template. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const name = `muster_test_${randomUUID().replaceAll('-', '')}`
  const url = new URL(fromSetup('MUSTER_TEST_POSTGRES_URL'))
  url.pathname = name
  if (options.isForeign) await createForeign(name, url)
  else {
    const template = options.isMigrated === false ? 'template0' : fromSetup('MUSTER_TEST_TEMPLATE')
    await asSuperuser(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`)
  }
  const db = createDb({
    url: url.href,
    poolMax: options.poolMax ?? 10,
    applicationName: 'muster-test',
    // Other tests may use all cores for seconds.
    connectTimeoutMs: 30_000,
  })
  return {
    url: url.href,
    db,
    drop: async () => {
      await db.destroy()
      await asSuperuser(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function createForeign(name: string, url: URL): Promise<void> {
  const locale = `ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'`
  await asSuperuser(`CREATE DATABASE ${name} TEMPLATE template0 ${locale}`)
  const settings = { datestyle: 'SQL, DMY', intervalstyle: 'sql_standard', timezone: 'Asia/Tokyo' }
  for (const [setting, value] of Object.entries(settings))
    await asSuperuser(`ALTER DATABASE ${name} SET ${setting} = '${value}'`)
  await migrate(url.href)
}

/** A connection costs Postgres more time than most statements, so this process keeps one. */
let superuser: pg.Pool | undefined

/** Runs a statement as superuser, outside of any test's database. */
export async function asSuperuser(statement: string): Promise<void> {
  if (!superuser) {
    superuser = new pg.Pool({ connectionString: fromSetup('MUSTER_TEST_POSTGRES_URL'), max: 2, allowExitOnIdle: true })
    // A connection that was cut while nobody used it is replaced by the next statement.
    superuser.on('error', () => {})
  }
  await superuser.query(statement)
}

export type TestRedis = {
  /** The URL of a database number that no other test uses. All numbers share the Pub/Sub channels. */
  url: string
  client: Redis
  close(): Promise<void>
}

const databaseCount = 1024

/** Creates an empty Redis database for a test file. */
export async function createTestRedis(): Promise<TestRedis> {
  const server = fromSetup('MUSTER_TEST_REDIS_URL')
  const counter = new Redis(`${server}/0`)
  const taken = await counter.incr('muster:test:databases')
  await counter.quit()
  const url = `${server}/${1 + ((taken - 1) % (databaseCount - 1))}`
  const client = new Redis(url)
  await client.flushdb()
  return {
    url,
    client,
    close: async () => {
      await client.flushdb()
      client.disconnect()
    },
  }
}

export type OwnRedis = {
  url: string
  port: number
  client: Redis
  /** Freezes the process: connections stay open without responses until `thaw`. */
  freeze(): void
  thaw(): void
  /** Kills the process and starts another one on the same port, without data. */
  restart(downMs?: number): Promise<void>
  stop(): Promise<void>
}

/** Starts a separate Redis process, for tests that would disturb others. @param settings as in redis.conf */
export async function startOwnRedis(settings: Record<string, string | number> = {}): Promise<OwnRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-redis-'))
  const buildDir = resolve(import.meta.dirname, '../../../.muster/redis-build')
  const program = findRedis(thisMachine(buildDir, () => {}))
  const port = await freePort()
  const start = () => startRedis({ program, dir, port, logFile: join(dir, 'redis.log'), isDurable: false, settings })
  let service = await start()
  const client = new Redis(service.url)
  client.on('error', () => {})
  return {
    url: service.url,
    port,
    client,
    freeze: () => void process.kill(service.pid, 'SIGSTOP'),
    thaw: () => void process.kill(service.pid, 'SIGCONT'),
    async restart(downMs = 0) {
      await service.stop()
      await sleep(downMs)
      service = await start()
    },
    async stop() {
      client.disconnect()
      process.kill(service.pid, 'SIGCONT')
      await service.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
