import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * Keeps of a mail that was sent again which one it repeats. The column is null in all rows that exist, so none is written; it refers to no row,
 * because the first mail may be swept before the second one. The index over it, and one over failed jobs by reason, are built beside the writes.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`alter table email_messages add column resent_from uuid`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop index if exists outbox_failed_queue_reason`.execute(db)
  await sql`alter table email_messages drop column resent_from`.execute(db)
}
