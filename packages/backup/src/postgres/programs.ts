import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { isExecutable } from '@muster/programs'
import { BackupRefusal } from '../refusal.ts'

/** The client programs of one version of Postgres. */
export type PostgresPrograms = { major: number; pgDump: string; pgRestore: string; psql: string }

/** The client programs are missing or too old. */
export class MissingProgramsRefusal extends BackupRefusal {}

/** Where packages of Linux, Homebrew and the installers put them, beside the PATH. */
const folders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/{libpq,postgresql@*}/bin',
  '/usr/local/opt/{libpq,postgresql@*}/bin',
  '/Library/PostgreSQL/*/bin',
]

/**
 * Finds the client programs of the oldest version that is not older than `major`: an older pg_dump refuses the server, and what a much
 * newer one writes an older server may not understand.
 * @throws BackupRefusal that tells what to install
 */
export async function findPrograms(major: number, path = process.env.PATH ?? ''): Promise<PostgresPrograms> {
  const found = await Promise.all(
    [...new Set([...globSync(folders), ...path.split(delimiter)])]
      .filter((folder) => folder.startsWith('/'))
      .map(programsIn),
  )
  const all = found.filter((programs) => programs !== undefined).sort((one, other) => one.major - other.major)
  const fitting = all.find((programs) => programs.major >= major)
  if (fitting) return fitting
  const newest = all.at(-1)
  throw new MissingProgramsRefusal(
    `pg_dump, pg_restore and psql of Postgres ${major} or newer are needed, ${newest ? `and the newest here are of ${newest.major}` : 'and none are here'}. ` +
      `Install them: the package postgresql-client-${major} of Debian, Ubuntu or apt.postgresql.org, postgresql${major} of yum.postgresql.org, ` +
      `postgresql@${major} of Homebrew. The Docker image has them.`,
  )
}

async function programsIn(folder: string): Promise<PostgresPrograms | undefined> {
  const [pgDump, pgRestore, psql] = ['pg_dump', 'pg_restore', 'psql'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  if (![pgDump, pgRestore, psql].every(isExecutable)) return undefined
  try {
    const { stdout } = await promisify(execFile)(pgDump, ['--version'])
    const major = Number(/\) (\d+)/.exec(stdout)?.[1])
    return major > 0 ? { major, pgDump, pgRestore, psql } : undefined
  } catch {
    return undefined
  }
}
