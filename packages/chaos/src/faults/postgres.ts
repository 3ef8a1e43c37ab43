import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  freePort,
  type Reaper,
  removeCluster,
  type Service,
  startPostgres,
  stopProcess,
  waitForExit,
} from '@muster/devkit'
import { createTestDatabase } from '@muster/testing'
import pg from 'pg'
import { root } from '../system/apps.ts'

/** The database of a test; `drop` gives everything back. */
export type SystemDatabase = { url: string; drop(): Promise<void> }

/** A migrated database in the cluster that all tests share. */
export async function createSharedDatabase(): Promise<SystemDatabase> {
  const { url, drop, db } = await createTestDatabase({ poolMax: 1 })
  await db.destroy()
  return { url, drop }
}

/** A whole Postgres of the test's own, on the same port for as long as the test runs. */
export type ChaosPostgres = SystemDatabase & {
  /** Fast shutdown: ends all sessions. */
  stop(): Promise<void>
  /** kill -9 of the postmaster and all its backends; it replays its log at the next start. */
  kill(): Promise<void>
  /** After `stop` or `kill`. */
  restart(): Promise<void>
  /** The postmaster and every backend: connections stay open and nobody answers. */
  freeze(): void
  thaw(): void
}

export async function startChaosPostgres({ home, reaper }: { home: string; reaper: Reaper }): Promise<ChaosPostgres> {
  const options = { dir: join(home, 'postgres'), port: await freePort(), logFile: join(home, 'postgres.log') }
  const start = async () => {
    const service = await startPostgres({ ...options, password: 'chaos-password-of-postgres', isDurable: true })
    reaper.watch({ pid: service.pid, kind: 'service', signal: 'SIGINT' })
    return service
  }
  let running: Service = await start()
  const url = await makeDatabase(running.url)
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
    url,
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
      // The postmaster first: it must not make further children meanwhile.
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

async function makeDatabase(clusterUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: clusterUrl })
  await client.connect()
  await client.query('create database muster')
  await client.end()
  const url = new URL(clusterUrl)
  url.pathname = 'muster'
  await migrate(url.href)
  return url.href
}

/** @param command of the CLI of `db/` */
export async function migrate(databaseUrl: string, command: 'migrate' | 'rollback' = 'migrate'): Promise<void> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl }
  await promisify(execFile)(process.execPath, [join(root, 'packages/db-cli/src/main.ts'), command], { env })
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
    // Gone meanwhile.
  }
}
