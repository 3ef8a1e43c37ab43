import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type Reaper, startReaper } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { installPausePoint, type PausePoint } from '../faults/pause-point.ts'
import { type ChaosPostgres, type ChaosPostgresOptions, startChaosPostgres } from '../faults/postgres.ts'
import { type ChaosRedis, startChaosRedis } from '../faults/redis.ts'
import { type ReplicatedPostgres, startReplicatedPostgres } from '../faults/standby.ts'
import { type Recorder, startRecorder } from '../report/recorder.ts'
import { watchApp, watchPostgres, watchRedis } from '../report/watch-faults.ts'
import { retryOn503 } from '../users/fixtures.ts'
import { createUser, type User } from '../users/user.ts'
import { type App, type AppName, appNames, type Env, type Exit, spawnApp, startApp } from './apps.ts'
import { createSharedDatabase, type SystemDatabase } from './database.ts'
import { createKeyRings, sharedEnv } from './environment.ts'
import { type Inspector, openInspector } from './inspector.ts'
import { type SmtpLedger, startSmtpLedger } from './smtp-ledger.ts'
import { trackSecrets, type UsedSecrets } from './used-secrets.ts'

/** A complete Muster for one test file: real processes, a database, a Redis and an SMTP server with a ledger. */
export type System<D extends SystemDatabase = SystemDatabase> = {
  postgres: D
  redis: ChaosRedis
  smtp: SmtpLedger
  inspector: Inspector
  secrets: UsedSecrets
  /** Notes faults and answers for the report of `npm run chaos`. */
  recorder: Recorder
  /** The address of the API, unless a test starts a second one on another port. */
  apiUrl: string
  env(name: AppName, overrides?: Env): Env
  /** The folder that holds the files and what is being uploaded. */
  home: string
  /** Starts a process and waits until it is ready; `checkout` is the folder of another release's code. */
  start(name: AppName, options?: StartOptions): Promise<App>
  /** Starts a process and waits until it is live. It may never be ready. */
  startLive(name: AppName, env?: Env): Promise<App>
  /** Starts the API and all workers and waits until they are ready. */
  startAll(): Promise<Record<AppName, App>>
  /** Starts a process that is expected to exit and waits for that. @throws when it still runs after 100 s */
  runToExit(name: AppName, env?: Env): Promise<{ exit: Omit<Exit, 'durationMs'>; output: string }>
  /** Installs a pause point in the system's database. */
  pausePoint(table: string, on: string, options?: { atCommit?: boolean }): Promise<PausePoint>
  /** Creates a user who is not registered yet. */
  newUser(): User
  /** Creates a user with an account and an open session. */
  registeredUser(): Promise<User>
  /** Lists the names of the files that the storage holds for an attachment. */
  storedFilesOf(attachmentId: string): Promise<string[]>
  /** Returns the output of all processes. */
  output(): string
  /** Stops everything. @throws when the output contains a secret that the system used */
  close(): Promise<void>
}

/** Ports that are left out are free ones; the first API is at `apiUrl`. */
type StartOptions = { env?: Env; port?: number; opsPort?: number; checkout?: string }

const liveLimit = { timeoutMs: 60_000, intervalMs: 50 }
const exitLimit = { timeoutMs: 100_000, intervalMs: 50 }

/** Starts a system with a database in the Postgres that all tests share. */
export async function startSystem(): Promise<System> {
  return assemble(() => createSharedDatabase())
}

/** Starts a system with its own Postgres, which a test can stop, freeze and kill. */
export async function startSystemWithOwnPostgres(options: ChaosPostgresOptions = {}): Promise<System<ChaosPostgres>> {
  return assemble((places) => startChaosPostgres({ ...options, ...places }))
}

/** Starts a system whose own Postgres has a standby, both of Debian's programs; no process uses it without `DATABASE_REPLICA_URL`. */
export async function startSystemWithStandby(programs: string): Promise<System<ReplicatedPostgres>> {
  return assemble((places) => startReplicatedPostgres(programs, places))
}

/** Starts a system on a database of the caller's making, whose rows may need these key rings. */
export async function startSystemOn<D extends SystemDatabase>(
  openDatabase: OpenDatabase<D>,
  keyRings?: Record<AppName, Env>,
): Promise<System<D>> {
  return assemble(openDatabase, keyRings)
}

type OpenDatabase<D> = (options: { home: string; reaper: Reaper }) => Promise<D>

async function assemble<D extends SystemDatabase>(
  openDatabase: OpenDatabase<D>,
  givenKeyRings?: Record<AppName, Env>,
): Promise<System<D>> {
  const home = await mkdtemp(join(tmpdir(), 'muster-chaos-'))
  const reaper = startReaper()
  const [postgres, redis, smtp] = await Promise.all([
    openDatabase({ home, reaper }),
    startChaosRedis({ home, reaper }),
    startSmtpLedger(),
  ])
  const inspector = openInspector(postgres.url)
  const secrets = trackSecrets()
  const apiPort = await freePort()
  const apiUrl = `http://127.0.0.1:${apiPort}`
  const shared = sharedEnv(home, { postgresUrl: postgres.url, redisUrl: redis.url, smtpUrl: smtp.url, apiUrl })
  const keyRings = givenKeyRings ?? createKeyRings(secrets)
  const env: System['env'] = (name, overrides) => ({ ...shared, ...keyRings[name], ...overrides })
  const recorder = startRecorder({ apiUrl, inspector, smtp, runningApps: () => processes.running() })
  const processes = manageProcesses({ env, apiPort, reaper, recorder })
  const pausePoints: PausePoint[] = []

  return {
    postgres: watchPostgres(postgres, recorder.faults),
    redis: watchRedis(redis, recorder.faults),
    smtp,
    inspector,
    secrets,
    recorder,
    apiUrl,
    home,
    env,
    start: processes.start,
    startLive: processes.startLive,
    startAll: processes.startAll,
    runToExit: processes.runToExit,
    output: processes.output,
    ...userFactory({ apiUrl, smtp, secrets, recorder }),
    async pausePoint(table, on, options) {
      const pausePoint = await installPausePoint(postgres.url, { table, on, ...options })
      pausePoints.push(pausePoint)
      return pausePoint
    },
    storedFilesOf: async (id) => (await readdir(join(home, 'files/attachments', id)).catch(() => [])).sort(),
    async close() {
      await recorder.close()
      await Promise.all(pausePoints.map((pausePoint) => pausePoint.remove()))
      await processes.killAll()
      await Promise.all([inspector.close(), smtp.close(), redis.stop()])
      await postgres.drop()
      reaper.dismiss()
      await rm(home, { recursive: true, force: true })
      // Checked after every test file, since no log may contain a secret in any situation.
      const leaked = secrets.findIn(processes.output())
      if (leaked.length > 0) throw new Error(`The logs contain secrets: ${leaked.join(', ')}.`)
    },
  }
}

type ProcessOptions = { env: System['env']; apiPort: number; reaper: Reaper; recorder: Recorder }
type Processes = Pick<System, 'start' | 'startLive' | 'startAll' | 'runToExit' | 'output'> & {
  running(): App[]
  killAll(): Promise<void>
}

/** Starts the processes of one system and keeps them, so that their output can be read and all can be killed. */
function manageProcesses({ env, apiPort, reaper, recorder }: ProcessOptions): Processes {
  const apps: App[] = []
  const kept = (app: App) => {
    apps.push(app)
    return watchApp(app, recorder.faults)
  }
  const start: System['start'] = async (name, options = {}) => {
    const port = options.port ?? (name === 'api' ? apiPort : undefined)
    return kept(await startApp(name, { ...options, env: env(name, options.env), reaper, ...(port && { port }) }))
  }
  return {
    start,
    async startAll() {
      const started = await Promise.all(appNames.map(async (name) => [name, await start(name)] as const))
      return Object.fromEntries(started) as Record<AppName, App>
    },
    async startLive(name, overrides) {
      const port = name === 'api' ? { port: apiPort } : {}
      const app = kept(await spawnApp(name, { env: env(name, overrides), reaper, ...port }))
      await eventually(() => assertLive(app), liveLimit)
      return app
    },
    async runToExit(name, overrides) {
      const app = kept(await spawnApp(name, { env: env(name, overrides), reaper }))
      await eventually(() => assertExited(app), exitLimit)
      return { exit: await app.exited, output: app.output() }
    },
    output: () => apps.map((app) => app.output()).join('\n'),
    running: () => apps.filter((app) => app.isRunning()),
    async killAll() {
      await Promise.all(apps.filter((app) => app.isRunning()).map((app) => app.kill()))
    },
  }
}

function userFactory(
  system: Pick<System, 'apiUrl' | 'smtp' | 'secrets' | 'recorder'>,
): Pick<System, 'newUser' | 'registeredUser'> {
  const newUser = () => createUser(system)
  return {
    newUser,
    async registeredUser() {
      const user = newUser()
      for (const step of [user.register, user.verify]) {
        const { status } = await retryOn503(step)
        if (status >= 300) throw new Error(`A step of the registration was answered with ${status}.`)
      }
      return user
    },
  }
}

async function assertLive({ name, opsUrl, isRunning }: App): Promise<void> {
  if (isRunning() && !(await fetch(`${opsUrl}/livez`)).ok) throw new Error(`The ${name} is not live.`)
}

function assertExited({ name, isRunning, output }: App): void {
  if (isRunning()) throw new Error(`The ${name} did not exit:\n${output().slice(-2_000)}`)
}
