import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, postgresOwner, type Reaper } from '@muster/devkit'
import { eventually, findProgram } from '@muster/testing'
import pg from 'pg'
import {
  type ChaosPostgres,
  type ChaosServer,
  chaosPassword,
  startChaosPostgres,
  startChaosServer,
} from './postgres.ts'

/** A streaming standby of a Postgres. */
export type Standby = ChaosServer & {
  /** The URL of the database on it. */
  url: string
  query<Row extends object>(text: string): Promise<Row[]>
  /** Stops and continues replaying the log of the primary. */
  pauseReplay(): Promise<void>
  resumeReplay(): Promise<void>
  /** Replays each commit only after this time. */
  delayReplay(ms: number): Promise<void>
  /** Lists the statements that connections of this name have sent, since the server has started. */
  statementsOf(applicationName: string): Promise<string[]>
}

/** A Postgres with a standby. */
export type ReplicatedPostgres = ChaosPostgres & { standby: Standby }

/** The folder of Debian's programs of Postgres; undefined when they are not installed. */
export function debianPrograms(): string | undefined {
  const program = findProgram('initdb')
  // A link to it may be on the PATH.
  return program && dirname(dirname(realpathSync(program)))
}

const standbySettings = {
  // A statement that stands in the way of the replay is cancelled at once.
  max_standby_streaming_delay: '0',
  wal_retrieve_retry_interval: '100ms',
  log_statement: 'all',
  log_line_prefix: '[%a] ',
}

/** Starts a Postgres of these programs with a migrated database, and a standby as `pg_basebackup -R` makes it. */
export async function startReplicatedPostgres(
  programs: string,
  { home, reaper }: { home: string; reaper: Reaper },
): Promise<ReplicatedPostgres> {
  const primary = await startChaosPostgres({ home, reaper, programs, settings: { fsync: 'off' } })
  const standby = await startStandby(primary, { programs, reaper, logFile: join(home, 'standby.log') })
  return {
    ...primary,
    standby,
    async drop() {
      await standby.drop()
      await primary.drop()
    },
  }
}

type Options = { programs: string; reaper: Reaper; logFile: string }

async function startStandby(primary: ChaosPostgres, { programs, reaper, logFile }: Options): Promise<Standby> {
  const folder = await copyCluster(programs, primary.clusterUrl)
  const port = await freePort()
  const settings = { fsync: 'off', ...standbySettings }
  const dir = join(folder, 'cluster')
  const server = await startChaosServer({ dir, port, logFile, programs, settings, isDurable: true }, reaper)
  const url = Object.assign(new URL(primary.url), { port: String(port) }).href
  // The replay may cancel these statements too.
  const query: Standby['query'] = (text) => eventually(() => ask(url, text))
  return {
    ...server,
    url,
    query,
    pauseReplay: () => query('select pg_wal_replay_pause()').then(() => {}),
    resumeReplay: () => query('select pg_wal_replay_resume()').then(() => {}),
    async delayReplay(ms) {
      await query(`alter system set recovery_min_apply_delay = '${ms}ms'`)
      await query('select pg_reload_conf()')
    },
    async statementsOf(applicationName) {
      const lines = (await readFile(logFile, 'utf8')).split('\n')
      return lines.filter((line) => line.startsWith(`[${applicationName}] LOG:`) && /(statement|execute)/.test(line))
    },
    async drop() {
      await server.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Copies a running cluster into a folder of the user as whom Postgres runs. @returns the folder; the copy is in `cluster` */
async function copyCluster(programs: string, clusterUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-standby-'))
  const owner = postgresOwner()
  if (owner) await chown(folder, owner.uid, owner.gid)
  // Otherwise the cluster would be looked for elsewhere.
  await chmod(folder, 0o755)
  const { port } = new URL(clusterUrl)
  const address = ['-h', '127.0.0.1', '-p', port, '-U', 'postgres']
  const backup = [...address, '-D', join(folder, 'cluster'), '-R', '-X', 'stream', '-c', 'fast', '--no-sync']
  const env = { ...process.env, PGPASSWORD: chaosPassword }
  await promisify(execFile)(join(programs, 'bin/pg_basebackup'), backup, { ...owner, cwd: '/', env })
  return folder
}

async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 10_000 })
  // The replay may end the connection between two statements.
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}
