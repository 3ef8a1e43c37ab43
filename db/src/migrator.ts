import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationResultSet, Migrator } from 'kysely/migration'
import {
  assertUnchanged,
  ensureChecksumTable,
  forgetChecksum,
  ownChecksums,
  recordChecksum,
  recordMissingChecksums,
} from './checksums.ts'
import { migrations } from './migrations.gen.ts'

// biome-ignore lint/suspicious/noExplicitAny: the migrator works on any state of the schema
type AnyDb = Kysely<any>

/** Brings the schema up or down, one process at a time (an advisory lock in Postgres), and records what it applied. */
export function createMigrator(db: AnyDb): Migrator {
  const checksums = ownChecksums()
  const recorded = Object.entries<Migration>(migrations).map(([name, migration]) => [
    name,
    recording(name, migration, checksums[name]),
  ])
  const provider = { getMigrations: async () => Object.fromEntries(recorded) }
  // Work that went on side by side lands in another order than its numbers; what has an earlier one is applied later then.
  return new Migrator({ db, provider, allowUnorderedMigrations: true })
}

function recording(name: string, migration: Migration, checksum: string | undefined): Migration {
  return {
    async up(trx) {
      await migration.up(trx)
      await ensureChecksumTable(trx)
      if (checksum) await recordChecksum(trx, name, checksum)
    },
    async down(trx) {
      await migration.down?.(trx)
      await ensureChecksumTable(trx)
      await forgetChecksum(trx, name)
    },
  }
}

/**
 * Applies every missing migration.
 * @returns a line each
 * @throws Error when an applied migration was changed since, or one failed, after rolling it back
 */
export async function migrateToLatest(db: AnyDb): Promise<string[]> {
  await assertUnchanged(db)
  await forgetEarlyName(db)
  const lines = await run(createMigrator(db).migrateToLatest())
  await recordMissingChecksums(db)
  return lines
}

/**
 * For some minutes `0011_audit_places` was called `0012_audit_places` on main, and stood before two migrations that did not
 * exist yet. Undoes it where it was applied under that name, so that it comes again in its place.
 */
async function forgetEarlyName(db: AnyDb): Promise<void> {
  const { rows } = await sql<{
    isThere: boolean
  }>`select to_regclass('kysely_migration') is not null as "isThere"`.execute(db)
  if (!rows[0]?.isThere) return
  await db.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql`delete from kysely_migration where name = '0012_audit_places'`.execute(trx)
    if (numAffectedRows)
      await sql`alter table audit_events drop constraint if exists audit_events_seq_check`.execute(trx)
  })
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
 * Refuses to go on when the database lacks a migration that this code knows, or has applied another source of it. One that
 * this code does not know is fine: during a rolling deploy the old code runs beside the new schema.
 * @throws Error naming the migrations and the remedy
 */
export async function assertMigrated(db: AnyDb): Promise<void> {
  const known = await createMigrator(db).getMigrations()
  const missing = known.filter(({ executedAt }) => !executedAt).map(({ name }) => name)
  if (missing.length > 0) {
    throw new Error(`The database lacks ${missing.join(', ')}. Run \`pnpm db migrate\` with this DATABASE_URL first.`)
  }
  await assertUnchanged(db)
}
