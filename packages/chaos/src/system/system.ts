import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startReaper } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { installPausePoint, type PausePoint } from '../faults/pause-point.ts'
import {
  type ChaosPostgres,
  createSharedDatabase,
  type SystemDatabase,
  startChaosPostgres,
} from '../faults/postgres.ts'
import { type ChaosRedis, startChaosRedis } from '../faults/redis.ts'
import { retryOn503 } from '../users/fixtures.ts'
import { createUser, type User } from '../users/user.ts'
import { type App, type AppName, type Env, type Exit, spawnApp, startApp, workerNames } from './apps.ts'
import { type Inspector, openInspector } from './inspector.ts'
import { type SmtpLedger, startSmtpLedger } from './smtp-ledger.ts'
import { trackSecrets, type UsedSecrets } from './used-secrets.ts'

/** A whole Muster of a test file's own: real processes, a Redis, a mail server that keeps a ledger. */
export type System<D extends SystemDatabase = SystemDatabase> = {
  postgres: D
  redis: ChaosRedis
  smtp: SmtpLedger
  inspector: Inspector
  secrets: UsedSecrets
  /** Where the API listens unless a second one is started elsewhere. */
  apiUrl: string
  env(name: AppName, overrides?: Env): Env
  /** Starts one more process and waits until it is ready. */
  start(name: AppName, options?: { env?: Env; port?: number }): Promise<App>
  /** Starts a process that runs but may never be ready. */
  startLive(name: AppName, env?: Env): Promise<App>
  startAll(): Promise<Record<AppName, App>>
  /** Starts a process that may refuse to. */
  runToExit(name: AppName, env?: Env): Promise<{ exit: Omit<Exit, 'durationMs'>; output: string }>
  pausePoint(table: string, on: string, options?: { atCommit?: boolean }): Promise<PausePoint>
  newUser(): User
  /** A user with an account and an open session. */
  registeredUser(): Promise<User>
  /** The names of what the storage holds of an attachment. */
  storedFilesOf(attachmentId: string): Promise<string[]>
  /** Everything that every process wrote. */
  output(): string
  close(): Promise<void>
}

/** On a database in the cluster that all tests share. */
export async function startSystem(): Promise<System> {
  return assemble(() => createSharedDatabase())
}

/** With a Postgres of its own that can be stopped, frozen and killed. */
export async function startSystemWithOwnPostgres(): Promise<System<ChaosPostgres>> {
  return assemble(startChaosPostgres)
}

type Parts<D> = (options: { home: string; reaper: ReturnType<typeof startReaper> }) => Promise<D>

async function assemble<D extends SystemDatabase>(openDatabase: Parts<D>): Promise<System<D>> {
  const home = await mkdtemp(join(tmpdir(), 'muster-chaos-'))
  const reaper = startReaper()
  const [postgres, redis, smtp] = await Promise.all([
    openDatabase({ home, reaper }),
    startChaosRedis({ home, reaper }),
    startSmtpLedger(),
  ])
  const inspector = openInspector(postgres.url)
  const secrets = trackSecrets()
  const keys = makeKeys(secrets)
  const apiPort = await freePort()
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const apps: App[] = []
  const pausePoints: PausePoint[] = []

  const env = (name: AppName, overrides: Env = {}): Env => ({
    NODE_ENV: 'test',
    LOG_LEVEL: 'debug',
    UV_THREADPOOL_SIZE: String(availableParallelism() + 4),
    // Lets the image worker give large buffers back; without it, it would restart itself once to set it.
    MALLOC_MMAP_THRESHOLD_: '131072',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SMTP_URL: smtp.url,
    MAIL_FROM: 'Muster <no-reply@muster.test>',
    PUBLIC_URL: apiUrl,
    WEB_URL: 'http://localhost:5173',
    BCRYPT_COST: '4',
    RATE_LIMIT_SCALE: '100000',
    STORAGE_LOCAL_DIR: join(home, 'files'),
    STAGING_DIR: join(home, 'staging'),
    REMINDER_TICK_MS: '250',
    ...keys[name],
    ...overrides,
  })

  const start: System['start'] = async (name, options = {}) => {
    const port = options.port ?? (name === 'api' ? apiPort : undefined)
    const app = await startApp(name, { env: env(name, options.env), reaper, ...(port && { port }) })
    apps.push(app)
    return app
  }
  const newUser = () => createUser({ apiUrl: () => apiUrl, smtp, secrets })
  const output = () => apps.map((app) => app.output()).join('\n')

  return {
    postgres,
    redis,
    smtp,
    inspector,
    secrets,
    apiUrl,
    env,
    start,
    async startAll() {
      const names = ['api', ...workerNames] as const
      const started = await Promise.all(names.map(async (name) => [name, await start(name)] as const))
      return Object.fromEntries(started) as Record<AppName, App>
    },
    async startLive(name, overrides) {
      const app = await spawnApp(name, {
        env: env(name, overrides),
        reaper,
        ...(name === 'api' && { port: apiPort }),
      })
      apps.push(app)
      await eventually(async () => expectLive(app), { timeoutMs: 60_000, intervalMs: 50 })
      return app
    },
    async runToExit(name, overrides) {
      const app = await spawnApp(name, { env: env(name, overrides), reaper })
      apps.push(app)
      return { exit: await app.exited, output: app.output() }
    },
    async pausePoint(table, on, options) {
      const pausePoint = await installPausePoint(postgres.url, { table, on, ...options })
      pausePoints.push(pausePoint)
      return pausePoint
    },
    newUser,
    async registeredUser() {
      const user = newUser()
      for (const step of [user.register, user.verify]) {
        const answer = await retryOn503(step)
        if (answer.status >= 300) throw new Error(`Signing up was answered by ${answer.status}.`)
      }
      return user
    },
    storedFilesOf: async (id) => (await readdir(join(home, 'files/attachments', id)).catch(() => [])).sort(),
    output,
    async close() {
      await Promise.all(pausePoints.map((pausePoint) => pausePoint.remove()))
      await Promise.all(apps.filter((app) => app.isRunning()).map((app) => app.kill()))
      await Promise.all([inspector.close(), smtp.close(), redis.stop()])
      await postgres.drop()
      reaper.dismiss()
      await rm(home, { recursive: true, force: true })
      // Whatever a test was about: nothing that was used in it may stand in a log.
      const leaked = secrets.findIn(output())
      if (leaked.length > 0) throw new Error(`The logs carry secrets: ${leaked.join(', ')}.`)
    },
  }
}

async function expectLive({ opsUrl, isRunning }: App): Promise<void> {
  if (isRunning() && !(await fetch(`${opsUrl}/livez`)).ok) throw new Error('The process does not live yet.')
}

function makeKeys(secrets: UsedSecrets): Record<AppName, Env> {
  const key = () => {
    const base64 = randomBytes(32).toString('base64')
    secrets.add('key', base64)
    return `k1:${base64}`
  }
  const shared = { MAIL_CODE_KEYS: key() }
  const audit = { AUDIT_KEYS: key() }
  return {
    api: {
      ACCESS_TOKEN_KEYS: key(),
      REFRESH_TOKEN_KEYS: key(),
      PASSWORD_KEYS: key(),
      COOKIE_KEYS: key(),
      ENCRYPTION_KEYS: key(),
      ...shared,
      ...audit,
    },
    'email-worker': shared,
    'audit-worker': audit,
    'reminder-worker': {},
    'image-worker': {},
  }
}
