import { type Kysely, sql } from 'kysely'
import { type Migration, type MigrationResultSet, Migrator } from 'kysely/migration'
import {
  assertUnchanged,
  deleteChecksum,
  ensureChecksumTable,
  ownChecksums,
  recordChecksum,
  recordMissingChecksums,
} from './checksums.ts'
import { buildLargeIndexes } from './large-indexes.ts'
import { betweenOthers, boundLockWaits } from './lock-waits.ts'
import { migrations } from './migrations.gen.ts'

// biome-ignore lint/suspicious/noExplicitAny: the migrator works on any state of the schema
type AnyDb = Kysely<any>

/**
 * A migration that may have a step after its commit: small transactions beside running processes, for what would lock a big table too
 * long. The step can be repeated, also after it was interrupted, and then finds out by itself whether it is done.
 */
type OwnMigration = Migration & { finish?(db: AnyDb): Promise<void> }

/** Is called at the end of the transaction of each applied migration. */
type Watcher = (trx: AnyDb, name: string) => Promise<void>

/** Creates Kysely's migrator, which runs in one process at a time (by an advisory lock) and here also records checksums. */
export function createMigrator(db: AnyDb, watch?: Watcher): Migrator {
  const checksums = ownChecksums()
  const recorded = Object.entries<Migration>(migrations).map(([name, migration]) => [
    name,
    recording(name, migration, checksums[name], watch),
  ])
  const provider = { getMigrations: async () => Object.fromEntries(recorded) }
  // Branches may land in another order than their numbers; a migration with an earlier number is then applied later.
  return new Migrator({ db, provider, allowUnorderedMigrations: true })
}

function recording(name: string, migration: Migration, checksum: string | undefined, watch?: Watcher): Migration {
  return {
    async up(trx) {
      await boundLockWaits(trx)
      await migration.up(trx)
      await watch?.(trx, name)
      await ensureChecksumTable(trx)
      if (checksum) await recordChecksum(trx, name, checksum)
    },
    async down(trx) {
      await boundLockWaits(trx)
      await migration.down?.(trx)
      await ensureChecksumTable(trx)
      await deleteChecksum(trx, name)
    },
  }
}

/**
 * Applies every missing migration, each in a transaction of its own, and builds the indexes of large tables that are missing. Migrations of a newer release that the database has applied stay unchanged.
 * @returns a line for each
 * @throws Error when an applied migration was changed, when one is missing although the database has those of other code, or when one
 * failed, which is then rolled back
 */
export async function migrateToLatest(db: AnyDb): Promise<string[]> {
  await assertUnchanged(db)
  await undoEarlyName(db)
  const unknown = await listUnknown(db)
  if (unknown.length > 0) {
    const missing = await listMissing(db)
    if (missing.length > 0) throw new Error(`${describeUnknown(unknown)} and lacks ${missing.join(', ')}. ${otherCode}`)
    return [`nothing to do: ${describeUnknown(unknown)}, which stay as they are`]
  }
  const lines = []
  for (let applied = await applyNext(db); applied; applied = await applyNext(db)) lines.push(applied)
  await recordMissingChecksums(db)
  await finishMigrations(db)
  return [...lines, ...(await buildLargeIndexes(db))]
}

/** Applies the next missing migration. @returns a line, or undefined when none is missing. @throws as {@link migrateToLatest} */
export async function applyNext(db: AnyDb, watch?: Watcher): Promise<string | undefined> {
  return (await betweenOthers(() => run(createMigrator(db, watch).migrateUp())))[0]
}

/** Carries out what migrations do after their commit, as far as it is not done. */
export async function finishMigrations(db: AnyDb): Promise<void> {
  for (const migration of Object.values<OwnMigration>(migrations)) await migration.finish?.(db)
}

/**
 * Undoes `0011_audit_places` where it was applied as `0012_audit_places`, its name on main for some minutes, so that it is applied again
 * in its place.
 */
async function undoEarlyName(db: AnyDb): Promise<void> {
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
 * @throws Error when the database has a migration that this code lacks, or when it failed
 */
export async function rollBack(db: AnyDb): Promise<string[]> {
  const unknown = await listUnknown(db)
  if (unknown.length > 0) throw new Error(`${describeUnknown(unknown)}. ${otherCode}`)
  return betweenOthers(() => run(createMigrator(db).migrateDown()))
}

/** Lists the applied migrations that this code lacks: those of a newer release or of a branch. */
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

/** Lists the migrations of this code that the database lacks. */
export async function listMissing(db: AnyDb): Promise<string[]> {
  const known = await createMigrator(db).getMigrations()
  return known.filter(({ executedAt }) => !executedAt).map(({ name }) => name)
}

/** Waits for the result of the migrator. @throws Error when a migration failed, which is then rolled back */
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
 * Checks that the database has every migration of this code, each from the same source. Further migrations are fine: during a rolling
 * deployment old code runs on the new schema.
 * @throws Error with the migrations and the remedy
 */
export async function assertMigrated(db: AnyDb): Promise<void> {
  const missing = await listMissing(db)
  if (missing.length > 0) {
    throw new Error(
      `The database lacks ${missing.join(', ')}. Run \`muster migrate\` with the settings of this process first (in a checkout \`npm run db -- migrate\`).`,
    )
  }
  await assertUnchanged(db)
}
