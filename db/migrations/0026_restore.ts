import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * Records that this database was restored from a backup and is held, and that a backup is being written. Only the catalog changes, and the
 * previous release reads neither.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    alter table installation
      -- While set, no mail is sent, and nothing is deleted or swept.
      add column held_at timestamptz,
      -- The last restore: when, from which backup, and when that was written.
      add column restored_at timestamptz,
      add column restored_backup_id uuid,
      add column restored_backup_at timestamptz,
      -- The lease of the backup that is being written: no file is deleted until it ends.
      add column backup_id uuid,
      add column backup_until timestamptz`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`
    alter table installation
      drop column held_at, drop column restored_at, drop column restored_backup_id, drop column restored_backup_at,
      drop column backup_id, drop column backup_until`.execute(db)
}
