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
import {
  commandLineOf,
  isAlive,
  type OnSpawn,
  type Service,
  StartError,
  spawnService,
  stopProcess,
  waitUntilReady,
} from '@muster/supervisor'
import { clusterFolder, type PostgresOwner, postgresOwner, reachablePostgres } from './postgres-files.ts'

export type PostgresOptions = {
  /** Folder of the cluster; created when it is missing. */
  dir: string
  port: number
  logFile: string
  onSpawn?: OnSpawn
  /** The password of the superuser `postgres`; without it, every connection from loopback is trusted. */
  password?: string
  /** False for tests: much faster, but a crash of the operating system may lose or corrupt the cluster. */
  isDurable: boolean
  /** A folder with `bin/postgres` instead of the embedded one, e.g. Debian's `/usr/lib/postgresql/15`. */
  programs?: string
  /** As in postgresql.conf, after those of this file. */
  settings?: Readonly<Record<string, string | number>>
  /** The lines of a new cluster's pg_hba.conf, instead of those that allow loopback. */
  hba?: readonly string[]
}

const maxConnections = 300
/** After a crash Postgres first replays its log. */
const recoveryMs = 120_000

/**
 * Starts Postgres on loopback and waits until it accepts connections. It runs as another user when this process is root. A
 * postmaster that an earlier, killed run left behind in the same folder is stopped first.
 */
export async function startPostgres(options: PostgresOptions): Promise<Service> {
  const owner = postgresOwner()
  const programs = options.programs ?? reachablePostgres(owner)
  const dir = clusterFolder(options.dir, owner)
  if (!statSync(join(dir, 'PG_VERSION'), { throwIfNoEntry: false })) await initCluster(programs, dir, owner, options)
  await stopLeftoverPostgres(dir)

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

/** Tests whether a complete cluster exists for this folder, also when {@link clusterFolder} placed it elsewhere. */
export function hasCluster(dir: string): boolean {
  return existsSync(join(clusterFolder(dir, postgresOwner()), 'PG_VERSION'))
}

/** Stops and removes the cluster of this folder, also when {@link clusterFolder} placed it elsewhere. */
export async function removeCluster(dir: string): Promise<void> {
  const real = clusterFolder(dir, postgresOwner())
  await stopLeftoverPostgres(real)
  rmSync(real, { recursive: true, force: true })
}

function settings({ isDurable, settings: further }: PostgresOptions): string[] {
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
          // Test databases live for seconds, and a vacuum worker in the template would block their cloning.
          autovacuum: 'off',
        }),
    ...further,
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function initCluster(
  programs: string,
  dir: string,
  owner: PostgresOwner | undefined,
  { password, isDurable, hba }: PostgresOptions,
): Promise<void> {
  mkdirSync(dirname(dir), { recursive: true, mode: 0o755 })
  // A cluster gets its final name only when it is complete: initdb may be killed before.
  const unfinished = `${dir}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  const passwordFile = `${dir}.password`
  const args = ['-D', unfinished, '--username=postgres', '--encoding=UTF8', '--no-instructions']
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
    args.push(...localeOf(await majorVersion(initdb)))
    await promisify(execFile)(initdb, args, { ...owner, cwd: '/', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })
    if (hba) writeFileSync(join(unfinished, 'pg_hba.conf'), `${hba.join('\n')}\n`)
    rmSync(dir, { recursive: true, force: true })
    renameSync(unfinished, dir)
  } catch (error) {
    throw new StartError(`initdb failed: ${(error as { stderr?: string }).stderr || (error as Error).message}`)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** Returns the arguments for a locale that is the same on all machines; `builtin` came with Postgres 17. */
const localeOf = (major: number): string[] =>
  major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C.UTF-8']

async function majorVersion(program: string): Promise<number> {
  const { stdout } = await promisify(execFile)(program, ['--version'])
  return Number(/\d+/.exec(stdout)?.[0])
}

/** Sets the executable bit, which some package managers do not keep. */
function makeExecutable(path: string): void {
  if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755)
}

/** Reads the state from postmaster.pid as pg_ctl does: line 1 is the process id, line 8 the state. */
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

async function stopLeftoverPostgres(dir: string): Promise<void> {
  const pid = Number(pidFile(dir)[0])
  if (!pid) return
  if (isAlive(pid) && commandLineOf(pid).includes(dir)) await stopProcess(pid, 'SIGINT', 10_000)
  // Otherwise another process has this id by now, and Postgres would take it for a running postmaster.
  rmSync(join(dir, 'postmaster.pid'), { force: true })
}
