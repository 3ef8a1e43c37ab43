import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import sealedChecksums from '../migrations/checksums.json' with { type: 'json' }

// biome-ignore lint/suspicious/noExplicitAny: the migrator works on any state of the schema
type AnyDb = Kysely<any>

/** SHA-256 in hex of each migration's source by its name, as landed; the committed list that no landed line leaves. */
export const sealed: Readonly<Record<string, string>> = sealedChecksums

/** Where the sources are; a bundle has none. */
export const migrationsFolder = join(import.meta.dirname, '../migrations')
const hasSources = import.meta.filename.endsWith('.ts')

/** SHA-256 in hex of a source with LF line ends, whatever Git made of them. */
export function checksumOf(source: string): string {
  return createHash('sha256').update(source.replaceAll('\r\n', '\n')).digest('hex')
}

/** Reads the sources in the migrations' folder: SHA-256 in hex by name, in order. */
export function readSourceChecksums(): Record<string, string> {
  const files = readdirSync(migrationsFolder).filter((file) => file.endsWith('.ts'))
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(0, -3), checksumOf(readFileSync(join(migrationsFolder, file), 'utf8'))]),
  )
}

/** Returns the checksums of what this code would run: of its sources, or in a bundle the sealed ones. */
export const ownChecksums: () => Readonly<Record<string, string>> = hasSources ? readSourceChecksums : () => sealed

/** Creates the table that says which source of a migration a database has applied, unless it is there. */
export async function ensureChecksumTable(db: AnyDb): Promise<void> {
  await sql`create table if not exists kysely_migration_checksum (
    name varchar(255) primary key, checksum text not null, recorded_at timestamptz not null default now())`.execute(db)
}

/** Records which source was applied; part of the transaction that applies it. */
export async function recordChecksum(trx: AnyDb, name: string, checksum: string): Promise<void> {
  await sql`
    insert into kysely_migration_checksum (name, checksum) values (${name}, ${checksum})
    on conflict (name) do update set checksum = excluded.checksum, recorded_at = now()`.execute(trx)
}

/** Removes what was recorded; part of the transaction that rolls the migration back. */
export async function forgetChecksum(trx: AnyDb, name: string): Promise<void> {
  await sql`delete from kysely_migration_checksum where name = ${name}`.execute(trx)
}

/**
 * Records the present checksums of what was applied before checksums were kept. Only for a database that is migrated to the
 * latest: `0013_one_history` has then made one schema of the histories that the same names stood for.
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

/** Lists the applied migrations whose source was another one than this code's. Those without a record are not listed. */
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

/** @throws Error naming each applied migration that this code has changed since, and the remedy */
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
