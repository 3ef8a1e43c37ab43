import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { withServices } from '@muster/config'
import { StartError } from '@muster/supervisor'
import pg from 'pg'
import { root } from './settings.ts'

const database = 'muster'

const cli = join(root, 'packages/db-cli/src/main.ts')

/** Creates the database in the embedded cluster unless it exists. @returns its URL */
export async function ensureDatabase(clusterUrl: string): Promise<string> {
  await withClient(clusterUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`)
  })
  const url = new URL(clusterUrl)
  url.pathname = database
  return url.href
}

/**
 * Applies missing migrations. Looks for missing ones first: a start without any skips the slower CLI.
 * @param file runs the command; its source by default
 * @returns the names of the applied migrations
 */
export async function migrate(url: string, file = cli): Promise<string[]> {
  const missing = await missingMigrations(url)
  if (missing.length === 0) return []
  try {
    await promisify(execFile)(process.execPath, [file, 'migrate'], {
      env: withServices(process.env, { DATABASE_URL: url }),
    })
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    throw new StartError(`The migrations failed:\n${stderr || message}`)
  }
  return missing
}

async function missingMigrations(url: string): Promise<string[]> {
  const known = readdirSync(join(root, 'db/migrations'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
  const applied = await withClient(url, async (client) => {
    const { rows } = await client.query<{ found: boolean }>(
      `SELECT to_regclass('kysely_migration') IS NOT NULL AS found`,
    )
    if (!rows[0]?.found) return []
    return (await client.query<{ name: string }>('SELECT name FROM kysely_migration')).rows.map(({ name }) => name)
  })
  return known.filter((name) => !applied.includes(name))
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    return await use(client)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const isUnreachable = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || message.includes('timeout')
    if (isUnreachable)
      throw new StartError(`Postgres at ${new URL(url).host} (DATABASE_URL) does not answer: ${message}`)
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}
