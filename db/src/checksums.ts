import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import sealedChecksums from '../migrations/checksums.json' with { type: 'json' }

// biome-ignore lint/suspicious/noExplicitAny: the migrator works on any state of the schema
type AnyDb = Kysely<any>

/** The committed list: SHA-256 in hex of each migration's source by its name. Lines that have landed never change. */
export const sealed: Readonly<Record<string, string>> = sealedChecksums

/** The folder of the sources, which a bundle does not have. */
export const migrationsFolder = join(import.meta.dirname, '../migrations')
const hasSources = import.meta.filename.endsWith('.ts')

/** Computes the SHA-256 in hex of a source with LF line ends, which Git may have converted. */
export function checksumOf(source: string): string {
  return createHash('sha256').update(source.replaceAll('\r\n', '\n')).digest('hex')
}

/** Computes the checksums of the sources in the migrations' folder, by name and in order. */
export function readSourceChecksums(): Record<string, string> {
  const files = readdirSync(migrationsFolder).filter((file) => file.endsWith('.ts'))
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(0, -3), checksumOf(readFileSync(join(migrationsFolder, file), 'utf8'))]),
  )
}

/** Returns the checksums of this code's migrations: of the sources, or in a bundle those of the committed list. */
export const ownChecksums: () => Readonly<Record<string, string>> = hasSources ? readSourceChecksums : () => sealed

/** Creates the table with the checksums of applied migrations, unless it exists. */
export async function ensureChecksumTable(db: AnyDb): Promise<void> {
  await sql`create table if not exists kysely_migration_checksum (
    name varchar(255) primary key, checksum text not null, recorded_at timestamptz not null default now())`.execute(db)
}

/** Records the checksum of a migration, in the transaction that applies it. */
export async function recordChecksum(trx: AnyDb, name: string, checksum: string): Promise<void> {
  await sql`
    insert into kysely_migration_checksum (name, checksum) values (${name}, ${checksum})
    on conflict (name) do update set checksum = excluded.checksum, recorded_at = now()`.execute(trx)
}

/** Removes the record of a migration, in the transaction that rolls the migration back. */
export async function deleteChecksum(trx: AnyDb, name: string): Promise<void> {
  await sql`delete from kysely_migration_checksum where name = ${name}`.execute(trx)
}

/**
 * Records the current checksums of migrations that were applied before checksums existed. Call it only when all
 * migrations are applied: by then `0013_one_history` has unified the schemas of all histories.
 */
export async function recordMissingChecksums(db: AnyDb): Promise<void> {
  await ensureChecksumTable(db)
  const checksums = ownChecksums()
  await sql`
    insert into kysely_migration_checksum (name, checksum)
    select name, checksum
      from unnest(${Object.keys(checksums)}::text[], ${Object.values(checksums)}::text[]) as own (name, checksum)
      join kysely_migration using (name)
    on conflict do nothing`.execute(db)
}

/** Lists the applied migrations whose recorded checksum differs from this code's. Those without a record are left out. */
export async function listChanged(db: AnyDb): Promise<{ name: string; applied: string; own: string }[]> {
  const { rows: tables } = await sql<{ isThere: boolean }>`
    select to_regclass('kysely_migration_checksum') is not null and to_regclass('kysely_migration') is not null
      as "isThere"`.execute(db)
  if (!tables[0]?.isThere) return []
  const { rows } = await sql<{ name: string; checksum: string }>`
    select name, checksum from kysely_migration_checksum join kysely_migration using (name) order by name`.execute(db)
  const checksums = ownChecksums()
  return rows.flatMap(({ name, checksum }) => {
    const own = checksums[name]
    return own === undefined || own === checksum ? [] : [{ name, applied: checksum, own }]
  })
}

/** Checks that applied migrations are unchanged. @throws Error with each changed one and the remedy */
export async function assertUnchanged(db: AnyDb): Promise<void> {
  const changed = await listChanged(db)
  if (changed.length === 0) return
  const names = changed.map(({ name, applied, own }) => `${name} (applied ${short(applied)}, here ${short(own)})`)
  throw new Error(
    `Migrations were changed after this database had applied them: ${names.join(', ')}. Nothing was done. Put ` +
      `db/migrations back as it was released (\`git checkout <release> -- db/migrations\`) and make the change in a new ` +
      'migration. One of your own that has not landed: put it back, `npm run db -- rollback`, edit it, migrate again.',
  )
}

const short = (checksum: string) => checksum.slice(0, 12)
