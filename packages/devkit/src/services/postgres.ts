import { execFile } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { StartError } from '../start-error.ts'
import { clusterFolder, type PostgresOwner, postgresOwner, reachablePostgres } from './postgres-files.ts'
import {
  commandLineOf,
  isAlive,
  type OnSpawn,
  type Service,
  spawnService,
  stopProcess,
  waitUntilReady,
} from './processes.ts'

export type PostgresOptions = {
  /** Folder of the cluster; made when it is not there. */
  dir: string
  port: number
  logFile: string
  onSpawn?: OnSpawn
  /** Of the superuser `postgres`; without one every connection from loopback is trusted. */
  password?: string
  /** False for tests: an operating system that crashes may lose or break the cluster, and all is much faster. */
  isDurable: boolean
}

const maxConnections = 300
/** After a crash it first replays its log. */
const recoveryMs = 120_000

/**
 * Starts Postgres on loopback, as another user when this process is root, and waits until it accepts connections.
 * A postmaster that an earlier, killed run left behind in the same folder is stopped first.
 */
export async function startPostgres(options: PostgresOptions): Promise<Service> {
  const owner = postgresOwner()
  const programs = reachablePostgres(owner)
  const dir = clusterFolder(options.dir, owner)
  if (!statSync(join(dir, 'PG_VERSION'), { throwIfNoEntry: false })) await initCluster(programs, dir, owner, options)
  await stopLeftPostgres(dir)

  const child = spawnService(
    join(programs, 'bin/postgres'),
    ['-D', dir, '-p', String(options.port), ...settings(options)],
    {
      logFile: options.logFile,
      onSpawn: options.onSpawn,
      env: { ...process.env, LC_MESSAGES: 'C', TZ: 'UTC' },
      ...owner,
    },
  )
  await waitUntilReady(child, 'Postgres', options.logFile, () => isPostmasterReady(dir, child.pid), recoveryMs)
  const pid = child.pid as number
  const login = options.password ? `postgres:${options.password}` : 'postgres'
  return {
    name: 'postgres',
    url: `postgres://${login}@127.0.0.1:${options.port}/postgres`,
    port: options.port,
    pid,
    process: child,
    // SIGINT is Postgres's fast shutdown: it ends sessions and writes a checkpoint.
    stop: () => stopProcess(pid, 'SIGINT', 20_000),
  }
}

/** Tells whether there is a finished cluster for this folder, wherever it really lies. */
export function hasCluster(dir: string): boolean {
  return existsSync(join(clusterFolder(dir, postgresOwner()), 'PG_VERSION'))
}

/** Empties the cluster's folder, wherever it really lies. */
export async function removeCluster(dir: string): Promise<void> {
  const real = clusterFolder(dir, postgresOwner())
  await stopLeftPostgres(real)
  rmSync(real, { recursive: true, force: true })
}

function settings({ isDurable }: PostgresOptions): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '128MB',
    timezone: 'UTC',
    jit: 'off',
    ...(isDurable
      ? { max_wal_size: '512MB' }
      : {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          wal_level: 'minimal',
          max_wal_senders: 0,
          max_wal_size: '2GB',
          checkpoint_timeout: '1h',
          // Test databases live for seconds, and a worker in the template would hold up their cloning.
          autovacuum: 'off',
        }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function initCluster(
  programs: string,
  dir: string,
  owner: PostgresOwner | undefined,
  { password, isDurable }: PostgresOptions,
): Promise<void> {
  mkdirSync(dirname(dir), { recursive: true, mode: 0o755 })
  // Only a finished cluster gets its name: initdb may be killed half way.
  const unfinished = `${dir}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  const passwordFile = `${dir}.password`
  const args = ['-D', unfinished, '--username=postgres', '--encoding=UTF8', '--no-instructions']
  args.push('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8')
  if (!isDurable) args.push('--no-sync')
  if (password) {
    writeFileSync(passwordFile, password, { mode: 0o600 })
    args.push('--auth=scram-sha-256', `--pwfile=${passwordFile}`)
  } else args.push('--auth=trust')
  if (owner) for (const path of [unfinished, ...(password ? [passwordFile] : [])]) chownSync(path, owner.uid, owner.gid)
  const initdb = join(programs, 'bin/initdb')
  try {
    makeExecutable(initdb)
    makeExecutable(join(programs, 'bin/postgres'))
    await promisify(execFile)(initdb, args, { ...owner, cwd: '/', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })
    rmSync(dir, { recursive: true, force: true })
    renameSync(unfinished, dir)
  } catch (error) {
    throw new StartError(`initdb failed: ${(error as { stderr?: string }).stderr || (error as Error).message}`)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** Some package managers drop the bit. */
function makeExecutable(path: string): void {
  if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755)
}

/** Line 1 of postmaster.pid is the pid, line 8 the state; pg_ctl waits for the same word. */
function isPostmasterReady(dir: string, pid: number | undefined): boolean {
  const lines = pidFile(dir)
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}

function pidFile(dir: string): string[] {
  try {
    return readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return []
  }
}

async function stopLeftPostgres(dir: string): Promise<void> {
  const pid = Number(pidFile(dir)[0])
  if (!pid) return
  if (isAlive(pid) && commandLineOf(pid).includes(dir)) await stopProcess(pid, 'SIGINT', 10_000)
  // Else the number belongs to a stranger by now, which Postgres would take for a running postmaster.
  rmSync(join(dir, 'postmaster.pid'), { force: true })
}
