import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

const tables = ['outbox', 'email_messages', 'notifications']

/**
 * Records the request that caused a job, a mail or a notification, and the trace that a job continues. The columns are null in rows that
 * no request caused, and in those of the previous release, which writes without them. Their indexes are built beside running processes.
 */
export async function up(db: AnyDb): Promise<void> {
  for (const table of tables) await sql`alter table ${sql.table(table)} add column request_id text`.execute(db)
  await sql`alter table outbox add column trace_parent text`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`alter table outbox drop column trace_parent`.execute(db)
  for (const table of tables) await sql`alter table ${sql.table(table)} drop column request_id`.execute(db)
}
