import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTestDatabase, inheritedEnv } from '@muster/testing'
import { root } from './apps.ts'

/** The migrated database of a system. `drop` removes it. */
export type SystemDatabase = { url: string; drop(): Promise<void> }

/** Creates a database in the Postgres that all tests share. */
export async function createSharedDatabase(): Promise<SystemDatabase> {
  const { url, drop, db } = await createTestDatabase({ poolMax: 1 })
  await db.destroy()
  return { url, drop }
}

/** Runs the CLI of `packages/db-cli` with this command. */
export async function migrate(databaseUrl: string, command: 'migrate' | 'rollback' = 'migrate'): Promise<void> {
  const env = { ...inheritedEnv(), DATABASE_URL: databaseUrl }
  await promisify(execFile)(process.execPath, [join(root, 'packages/db-cli/src/main.ts'), command], { env })
}
