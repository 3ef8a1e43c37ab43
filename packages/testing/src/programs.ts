import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Folders of programs that Debian installs outside of the PATH of users; of Postgres the newest version comes first. */
const serverFolders = [...globSync('/usr/lib/postgresql/*/bin').sort().reverse(), '/usr/sbin', '/usr/local/sbin']

/**
 * Finds a program of the system, such as `nginx`, `pgbouncer`, `pg_dump` or Debian's `postgres`. A test that needs one which is
 * missing is left out, with a line that names the package to install.
 * @returns its absolute path; undefined when it is not installed
 */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...serverFolders].filter((folder) =>
    folder.startsWith('/'),
  )
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
