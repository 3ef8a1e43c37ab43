import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createTestDatabase, inheritedEnv } from '@muster/testing'
import { entryFile } from './programs.ts'

/** The migrated database of a system. `drop` removes it. */
export type SystemDatabase = { url: string; drop(): Promise<void> }

/** Creates a database in the Postgres that all tests share. */
export async function createSharedDatabase(): Promise<SystemDatabase> {
  const { url, drop, db } = await createTestDatabase({ poolMax: 1 })
  await db.destroy()
  return { url, drop }
}

/** Applies the missing migrations. */
export const migrate = async (databaseUrl: string): Promise<void> =>
  void (await runMigrator({ DATABASE_URL: databaseUrl }))

/** Applies the missing migrations, or undoes the newest one. @returns what the command prints */
export async function runMigrator(
  env: NodeJS.ProcessEnv,
  command: 'migrate' | 'rollback' = 'migrate',
): Promise<string> {
  const options = { env: { ...inheritedEnv(), ...env } }
  return (await promisify(execFile)(process.execPath, [entryFile('migrate'), command], options)).stdout
}
