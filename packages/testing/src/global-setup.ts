import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createSay,
  findRedis,
  freePort,
  type Lock,
  removeCluster,
  type Service,
  StartError,
  startInbox,
  startPostgres,
  startReaper,
  startRedis,
  takeLock,
  thisMachine,
} from '@muster/devkit'
import pg from 'pg'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

/**
 * Starts Postgres, Redis and the inbox once per run of vitest, creates the migrated template database, and sets MUSTER_TEST_* for the
 * tests. Concurrent runs use separate folders; the clusters are kept for later runs.
 */
export async function setup(): Promise<() => Promise<void>> {
  const { home, lock } = await takeHome(join(resolve(root, process.env.MUSTER_HOME || '.muster'), 'test'))
  const reaper = startReaper()
  const services: Service[] = []
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()))
    reaper.dismiss()
    lock.release()
  }
  const register = async (starting: Promise<Service>) => {
    const service = await starting
    services.push(service)
    const signal = service.name === 'postgres' ? 'SIGINT' : 'SIGTERM'
    reaper.watch({ pid: service.pid, kind: 'service', signal })
    return service
  }

  const outcomes = await Promise.allSettled([
    register(startTestPostgres(home)).then(exportPostgres),
    register(startTestRedis(home)).then(({ url }) => {
      process.env.MUSTER_TEST_REDIS_URL = url
    }),
    register(startTestInbox(home)).then(({ url }) => {
      process.env.MUSTER_TEST_INBOX_URL = url
    }),
  ])
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) {
    await stop()
    if (!(failed.reason instanceof StartError)) throw failed.reason
    // If it were thrown, the message would be lost among vitest's messages about skipped files.
    console.error(failed.reason.message)
    process.exit(1)
  }
  return stop
}

/** Locks the first folder that no other run uses. */
async function takeHome(parent: string): Promise<{ home: string; lock: Lock }> {
  for (let slot = 1; ; slot++) {
    const home = join(parent, String(slot))
    const lock = await takeLock(join(home, 'lock'))
    if ('release' in lock) return { home, lock }
  }
}

async function startTestPostgres(home: string): Promise<Service> {
  const options = { dir: join(home, 'postgres'), logFile: join(home, 'logs/postgres.log'), isDurable: false }
  try {
    return await startPostgres({ ...options, port: await freePort() })
  } catch {
    // Without fsync, a crash of the machine may have corrupted the cluster, which holds nothing worth keeping.
    await removeCluster(options.dir)
    return startPostgres({ ...options, port: await freePort() })
  }
}

async function startTestRedis(home: string): Promise<Service> {
  const say = createSay(['muster'])
  const program = findRedis(thisMachine(join(home, '../../redis-build'), (line) => say('muster', line)))
  const dir = join(home, 'redis')
  return startRedis({
    program,
    dir,
    port: await freePort(),
    logFile: join(home, 'logs/redis.log'),
    isDurable: false,
    databases: 1024,
  })
}

async function startTestInbox(home: string): Promise<Service> {
  const dir = join(home, 'mail')
  rmSync(dir, { recursive: true, force: true })
  const smtpPort = await freePort()
  const port = await freePort()
  process.env.MUSTER_TEST_SMTP_PORT = String(smtpPort)
  return startInbox({ port, smtpPort, dir, logFile: join(home, 'logs/inbox.log'), maxMails: 2_000 })
}

async function exportPostgres({ url }: Service): Promise<void> {
  process.env.MUSTER_TEST_POSTGRES_URL = url
  process.env.MUSTER_TEST_TEMPLATE = await prepareDatabases(url)
}

/** Drops the databases of earlier runs, and creates a template for the current migrations unless it exists. */
async function prepareDatabases(url: string): Promise<string> {
  const template = `muster_template_${hashOfMigrations()}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>(
      `SELECT datname FROM pg_database WHERE datname LIKE 'muster\\_%' AND datname <> $1`,
      [template],
    )
    for (const { datname } of rows) await client.query(`DROP DATABASE ${client.escapeIdentifier(datname)} WITH (FORCE)`)
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
    if (rowCount === 0) await createTemplate(client, url, template)
    return template
  } finally {
    await client.end()
  }
}

async function createTemplate(client: pg.Client, url: string, template: string): Promise<void> {
  // Only a fully migrated database gets the name of the template.
  const unfinished = `${template}_unfinished`
  await client.query(`CREATE DATABASE ${unfinished}`)
  const target = new URL(url)
  target.pathname = unfinished
  await promisify(execFile)(process.execPath, [join(root, 'packages/db-cli/src/main.ts'), 'migrate'], {
    env: { ...process.env, DATABASE_URL: target.href },
  })
  await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`)
}

function hashOfMigrations(): string {
  const folder = join(root, 'db/migrations')
  const hash = createHash('sha256')
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)))
  return hash.digest('hex').slice(0, 16)
}
