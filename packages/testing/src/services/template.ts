import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrationsFolder } from '@muster/db/checksums'
import { migrate } from '@muster/devkit'
import pg from 'pg'

/** Keeps concurrent test runs from creating the same template twice. */
const templateLock = 7_312_004

/** Drops the databases of earlier test runs and the templates of other migrations. No test runs meanwhile. */
export async function dropLeftovers(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const leftovers = `SELECT datname FROM pg_database WHERE datname LIKE 'muster\\_%' AND datname <> $1`
    const { rows } = await client.query<{ datname: string }>(leftovers, [templateName()])
    for (const { datname } of rows) await client.query(`DROP DATABASE ${client.escapeIdentifier(datname)} WITH (FORCE)`)
  })
}

/** Creates the migrated template database of the present migrations, unless it exists. @returns its name */
export async function ensureTemplate(url: string): Promise<string> {
  const template = templateName()
  await withClient(url, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [templateLock])
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template])
    if (rowCount === 0) await createTemplate(client, url, template)
  })
  return template
}

async function createTemplate(client: pg.Client, url: string, template: string): Promise<void> {
  // Only a fully migrated database gets the name of the template.
  const unfinished = `${template}_unfinished`
  await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
  await client.query(`CREATE DATABASE ${unfinished}`)
  const target = new URL(url)
  target.pathname = unfinished
  await migrate(target.href)
  await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`)
}

function templateName(): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(migrationsFolder).sort())
    hash.update(file).update(readFileSync(join(migrationsFolder, file)))
  hash.update(readFileSync(join(migrationsFolder, '../src/large-indexes.ts')))
  return `muster_template_${hash.digest('hex').slice(0, 16)}`
}

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}
