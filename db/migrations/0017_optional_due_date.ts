import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  // Changes the catalog alone: no row is read.
  await sql`alter table tasks alter column due_date drop not null`.execute(db)
}

/** Fails while a task has no due date: none can be made up for it. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table tasks alter column due_date set not null`.execute(db)
}
