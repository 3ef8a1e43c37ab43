import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  freePort,
  type PostgresOptions,
  type Reaper,
  removeCluster,
  type Service,
  startPostgres,
  stopProcess,
  waitForExit,
} from '@muster/devkit'
import pg from 'pg'
import { migrate, type SystemDatabase } from '../system/database.ts'

/** A server with the faults that a test can inject. It keeps its port when it is restarted. */
export type ChaosServer = {
  /** The URL of its database `postgres`. */
  clusterUrl: string
  /** Performs a fast shutdown, which ends all sessions. */
  stop(): Promise<void>
  /** Kills the postmaster and all its backends with SIGKILL, so that the next start recovers from the WAL. */
  kill(): Promise<void>
  /** Starts it again after `stop` or `kill`. */
  restart(): Promise<void>
  /** Freezes the postmaster and every backend: connections stay open and get no reply. */
  freeze(): void
  thaw(): void
  /** Stops it and removes its folder. */
  drop(): Promise<void>
}

/** A Postgres for one system. */
export type ChaosPostgres = SystemDatabase & ChaosServer

/** Debian's programs, settings and lines of pg_hba.conf as in {@link PostgresOptions}. */
export type ChaosPostgresOptions = Pick<PostgresOptions, 'programs' | 'settings' | 'hba'>

/** `migrate` makes the tables, when it is not this code that does. */
type StartOptions = { home: string; reaper: Reaper; migrate?: (url: string) => Promise<void> } & ChaosPostgresOptions

export const chaosPassword = 'chaos-password-of-postgres'

/** Starts a durable Postgres in a folder of `home`, with a migrated database. */
export async function startChaosPostgres({
  home,
  reaper,
  migrate: fill = migrate,
  ...given
}: StartOptions): Promise<ChaosPostgres> {
  const options = { ...given, dir: join(home, 'postgres'), port: await freePort(), logFile: join(home, 'postgres.log') }
  const server = await startChaosServer({ ...options, password: chaosPassword, isDurable: true }, reaper)
  return { ...server, url: await createDatabase(server.clusterUrl, fill) }
}

/** Starts a server in a folder, whose cluster may exist. */
export async function startChaosServer(options: PostgresOptions, reaper: Reaper): Promise<ChaosServer> {
  const start = async () => {
    const service = await startPostgres(options)
    reaper.watch({ pid: service.pid, kind: 'service', signal: 'SIGINT' })
    return service
  }
  let running: Service = await start()
  let frozen: number[] = []
  const thaw = () => {
    for (const pid of frozen) signal(pid, 'SIGCONT')
    frozen = []
  }
  const stop = async () => {
    thaw()
    await running.stop()
    reaper.unwatch(running.pid)
  }
  return {
    clusterUrl: running.url,
    stop,
    async kill() {
      const pids = [running.pid, ...childrenOf(running.pid)]
      for (const pid of pids) signal(pid, 'SIGKILL')
      await Promise.all(pids.map((pid) => waitForExit(pid, 5_000)))
      reaper.unwatch(running.pid)
    },
    async restart() {
      running = await start()
    },
    freeze() {
      // The postmaster is frozen first, so that it cannot start further backends.
      signal(running.pid, 'SIGSTOP')
      frozen = [running.pid, ...childrenOf(running.pid)]
      for (const pid of frozen) signal(pid, 'SIGSTOP')
    },
    thaw,
    async drop() {
      await stop()
      await stopProcess(running.pid, 'SIGKILL', 1_000)
      await removeCluster(options.dir)
    },
  }
}

async function createDatabase(clusterUrl: string, fill: (url: string) => Promise<void>): Promise<string> {
  const client = new pg.Client({ connectionString: clusterUrl })
  await client.connect()
  await client.query('create database muster')
  await client.end()
  const url = new URL(clusterUrl)
  url.pathname = 'muster'
  await fill(url.href)
  return url.href
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((candidate) => candidate > 0 && parentOf(candidate) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process has exited meanwhile.
  }
}
