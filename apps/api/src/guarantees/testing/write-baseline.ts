import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { assertMigrated, createDb } from '@muster/db'
import { version } from '@muster/telemetry/version'
import { baselineFile } from './baseline.ts'
import { fillBaseline } from './fill-baseline.ts'

/*
 * Writes the baseline of a release; run by hand for each release. Fills the empty, migrated database at DATABASE_URL and
 * dumps it; the tests of later releases upgrade from that dump. Needs a pg_dump of at least the server's version, preferably of
 * the oldest supported server.
 */
const url = process.env.DATABASE_URL ?? ''
const db = createDb({ url, poolMax: 2, applicationName: 'muster-baseline' })
try {
  await assertMigrated(db)
  const user = await db.selectFrom('users').select('id').executeTakeFirst()
  if (user) throw new Error('The database has users. Write the baseline from an empty, migrated one.')
  await fillBaseline(db)
} finally {
  await db.destroy()
}
const options = ['--inserts', '--no-owner', '--no-privileges', '--no-comments', '--dbname', url]
const { stdout } = await promisify(execFile)('pg_dump', options, { maxBuffer: 64 * 1024 ** 2 })
// Removes the commands of psql, which the tests cannot execute.
const lines = stdout.split('\n').filter((line) => !line.startsWith('\\') && !line.startsWith('--'))
await writeFile(
  baselineFile(version),
  `${lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()}\n`,
)
