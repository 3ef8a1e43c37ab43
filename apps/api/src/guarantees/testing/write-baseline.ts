import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { assertMigrated, createDb } from '@muster/db'
import { version } from '@muster/telemetry/version'
import { baselineFile } from './baseline.ts'
import { fillBaseline } from './fill-baseline.ts'

/**
 * Run by hand when a release is made: fills the empty, migrated database at DATABASE_URL and writes its dump, from which the
 * tests of later releases upgrade. Needs a pg_dump of at least the server's version, best of the oldest server supported.
 */
const url = process.env.DATABASE_URL ?? ''
const db = createDb({ url, poolMax: 2, applicationName: 'muster-baseline' })
try {
  await assertMigrated(db)
  const somebody = await db.selectFrom('users').select('id').executeTakeFirst()
  if (somebody) throw new Error('The database has people already; a baseline is made in one without.')
  await fillBaseline(db)
} finally {
  await db.destroy()
}
const options = ['--inserts', '--no-owner', '--no-privileges', '--no-comments', '--dbname', url]
const { stdout } = await promisify(execFile)('pg_dump', options, { maxBuffer: 64 * 1024 ** 2 })
// Lines for psql, which nothing else that restores it understands.
const lines = stdout.split('\n').filter((line) => !line.startsWith('\\') && !line.startsWith('--'))
await writeFile(
  baselineFile(version),
  `${lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()}\n`,
)
