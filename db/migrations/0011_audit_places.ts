import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  // The chain begins at 1; a row before it would belong to nothing. The rows that are there are the chain's to judge.
  await sql`alter table audit_events add constraint audit_events_seq_check check (seq > 0) not valid`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table audit_events drop constraint audit_events_seq_check`.execute(db)
}
