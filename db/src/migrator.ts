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
 * Applies every missing migration. A newer release's that the database has applied stay as they are.
 * @returns a line each
 * @throws Error when an applied migration was changed since, one is missing beside those of other code, or one failed, after
 * rolling it back
 */
export async function migrateToLatest(db: AnyDb): Promise<string[]> {
  await assertUnchanged(db)
  await forgetEarlyName(db)
  const unknown = await listUnknown(db)
  if (unknown.length > 0) {
    const missing = await listMissing(db)
    if (missing.length > 0) throw new Error(`${describeUnknown(unknown)} and lacks ${missing.join(', ')}. ${otherCode}`)
    return [`nothing to do: ${describeUnknown(unknown)}, which stay as they are`]
  }
  const lines = await run(createMigrator(db).migrateToLatest())
  await recordMissingChecksums(db)
  return lines
}

/**
 * For some minutes `0011_audit_places` was called `0012_audit_places` on main, and stood before two migrations that did not
 * exist yet. Undoes it where it was applied under that name, so that it comes again in its place.
 */
async function forgetEarlyName(db: AnyDb): Promise<void> {
  if ((await listApplied(db)).length === 0) return
  await db.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql`delete from kysely_migration where name = '0012_audit_places'`.execute(trx)
    if (numAffectedRows)
      await sql`alter table audit_events drop constraint if exists audit_events_seq_check`.execute(trx)
  })
}

/**
 * Undoes the newest applied migration.
 * @returns a line for it
 * @throws Error when this code does not know all that the database has applied, or undoing it failed
 */
export async function rollBack(db: AnyDb): Promise<string[]> {
  const unknown = await listUnknown(db)
  if (unknown.length > 0) throw new Error(`${describeUnknown(unknown)}. ${otherCode}`)
  return run(createMigrator(db).migrateDown())
}

/** Lists the migrations that the database has applied and this code does not have: those of a newer release, or of a branch. */
export async function listUnknown(db: AnyDb): Promise<string[]> {
  return (await listApplied(db)).filter((name) => !Object.hasOwn(migrations, name))
}

const describeUnknown = (names: readonly string[]) =>
  `The database has ${names.join(', ')} of a newer release or of other code`

const otherCode = 'Nothing was done. Run the release that migrated this database, or a newer one.'

async function listApplied(db: AnyDb): Promise<string[]> {
  const { rows: tables } = await sql<{
    isThere: boolean
  }>`select to_regclass('kysely_migration') is not null as "isThere"`.execute(db)
  if (!tables[0]?.isThere) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}

async function listMissing(db: AnyDb): Promise<string[]> {
  const known = await createMigrator(db).getMigrations()
  return known.filter(({ executedAt }) => !executedAt).map(({ name }) => name)
}

/** @throws when a migration failed, after rolling it back */
async function run(outcome: Promise<MigrationResultSet>): Promise<string[]> {
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
  const missing = await listMissing(db)
  if (missing.length > 0) {
    throw new Error(`The database lacks ${missing.join(', ')}. Run \`pnpm db migrate\` with this DATABASE_URL first.`)
  }
  await assertUnchanged(db)
}
