import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePort,
  type OnSpawn,
  postgresOwner,
  spawnService,
  stopProcess,
  waitForExit,
  waitUntilReady,
} from '@muster/devkit'
import pg from 'pg'

/** A PgBouncer before a Postgres. It keeps its port when it is restarted. */
export type PgBouncer = {
  /** The URL of the database through it. */
  url: string
  port: number
  /** Sends a command to its console, e.g. `PAUSE` or `SHOW POOLS`. @returns its rows */
  command(text: string): Promise<Record<string, unknown>[]>
  freeze(): void
  thaw(): void
  /** Ends it with SIGKILL, and so all connections in it. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export type PgBouncerOptions = {
  /** The URL of the database behind it. */
  target: string
  /** The most connections to Postgres. */
  poolSize: number
  /** As in pgbouncer.ini, e.g. `{ pool_mode: 'session' }`. */
  settings?: Record<string, string | number>
  onSpawn?: OnSpawn
}

const admin = 'console'

/** Starts the `pgbouncer` of the system in transaction mode, with the sign-in of Postgres. */
export async function startPgBouncer(program: string, options: PgBouncerOptions): Promise<PgBouncer> {
  const port = await freePort()
  const dir = await writeFiles(port, options)
  const logFile = join(dir, 'pgbouncer.log')
  const url = Object.assign(new URL(options.target), { host: `127.0.0.1:${port}` })
  const consoleUrl = Object.assign(new URL(url), {
    username: admin,
    password: admin,
    pathname: '/pgbouncer',
    search: '',
  })
  const start = async () => {
    const spawnOptions = { logFile, ...postgresOwner(), ...(options.onSpawn && { onSpawn: options.onSpawn }) }
    const child = spawnService(program, [join(dir, 'pgbouncer.ini')], spawnOptions)
    await waitUntilReady(child, 'PgBouncer', logFile, () =>
      ask(consoleUrl.href, 'SHOW VERSION').then(
        () => true,
        () => false,
      ),
    )
    return child.pid as number
  }
  let pid = await start()
  return {
    url: url.href,
    port,
    command: (text) => ask(consoleUrl.href, text),
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw: () => void process.kill(pid, 'SIGCONT'),
    async kill() {
      process.kill(pid, 'SIGKILL')
      await waitForExit(pid, 5_000)
    },
    async restart() {
      pid = await start()
    },
    async stop() {
      await stopProcess(pid, 'SIGKILL', 5_000)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Writes its files into a folder of the user as whom it runs, since it refuses to run as root. */
async function writeFiles(port: number, { target, poolSize, settings }: PgBouncerOptions): Promise<string> {
  const { hostname, port: targetPort, username, password, pathname } = new URL(target)
  const dir = await mkdtemp(join(tmpdir(), 'muster-pgbouncer-'))
  const name = pathname.slice(1)
  const users = [
    [username, decodeURIComponent(password)],
    [admin, admin],
  ]
  const ini = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: password ? 'scram-sha-256' : 'trust',
    auth_file: join(dir, 'users.txt'),
    admin_users: admin,
    pool_mode: 'transaction',
    default_pool_size: poolSize,
    max_client_conn: 500,
    ...settings,
  }
  const lines = Object.entries(ini).map(([key, value]) => `${key} = ${value}`)
  const files = {
    'pgbouncer.ini': [`[databases]`, `${name} = host=${hostname} port=${targetPort || 5432}`, '[pgbouncer]', ...lines],
    'users.txt': users.map(([user, secret]) => `"${user}" "${secret}"`),
  }
  const owner = postgresOwner()
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(dir, file), `${content.join('\n')}\n`, { mode: 0o600 })
    if (owner) await chown(join(dir, file), owner.uid, owner.gid)
  }
  if (owner) await chown(dir, owner.uid, owner.gid)
  return dir
}

async function ask(consoleUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: consoleUrl, connectionTimeoutMillis: 5_000 })
  try {
    await client.connect()
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}
