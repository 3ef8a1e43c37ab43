import { globSync } from 'node:fs'
import { findProgram as find } from '@muster/programs'

/** Folders of programs that Debian installs outside of the PATH of users; of Postgres the newest version comes first. */
const folders = [...globSync('/usr/lib/postgresql/*/bin').sort().reverse(), '/usr/sbin', '/usr/local/sbin']

/**
 * Finds a program of the system, such as `nginx`, `pgbouncer`, `pg_dump` or Debian's `postgres`. A test that needs one which is
 * missing is left out, with a line that names the package to install.
 * @returns its absolute path; undefined when it is not installed
 */
export const findProgram = (name: string): string | undefined => find(name, { folders })
