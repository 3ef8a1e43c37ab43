import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * Gives the installation an id, which is also written to its Redis and to the storage of its files: a second installation that uses
 * one of them by mistake is refused.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    create table installation (
      only_row boolean primary key default true check (only_row),
      id uuid not null,
      created_at timestamptz not null default now()
    )`.execute(db)
  await sql`insert into installation (id) values (gen_random_uuid())`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop table installation`.execute(db)
}
