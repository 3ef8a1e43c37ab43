import type { Kysely } from 'kysely'
import { type Migration, type MigrationResultSet, Migrator } from 'kysely/migration'
import { migrations } from './migrations.gen.ts'

// biome-ignore lint/suspicious/noExplicitAny: the migrator works on any state of the schema
type AnyDb = Kysely<any>

/** Brings the schema up or down, one process at a time (an advisory lock in Postgres). */
export function createMigrator(db: AnyDb): Migrator {
  return new Migrator({ db, provider: { getMigrations: async (): Promise<Record<string, Migration>> => migrations } })
}

/** @throws when a migration failed, after rolling it back */
export async function run(outcome: Promise<MigrationResultSet>): Promise<string[]> {
  const { error, results = [] } = await outcome
  const failed = results.find(({ status }) => status === 'Error')
  if (failed) throw new Error(`The migration ${failed.migrationName} failed and was rolled back.`, { cause: error })
  if (error) throw error
  return results.map(
    ({ migrationName, direction }) => `${direction === 'Up' ? 'applied' : 'rolled back'} ${migrationName}`,
  )
}

/**
 * Refuses to go on when the database lacks a migration that this code knows. One that this code does not know is fine:
 * during a rolling deploy the old code runs beside the new schema.
 */
export async function assertMigrated(db: AnyDb): Promise<void> {
  const known = await createMigrator(db).getMigrations()
  const missing = known.filter(({ executedAt }) => !executedAt).map(({ name }) => name)
  if (missing.length > 0) {
    throw new Error(`The database lacks ${missing.join(', ')}. Run \`pnpm db migrate\` with this DATABASE_URL first.`)
  }
}
