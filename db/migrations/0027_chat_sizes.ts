import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * Tells the planner that a chat has a thousand messages. From many small chats it learns an average of some ten, and then it reads all
 * messages of a large chat to count the first 100 that are unread, where an ordered reading ends after them. Statistics take it over when
 * they are made, so this makes them. Writes go on meanwhile.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`alter table messages alter column chat_id set (n_distinct = -0.001)`.execute(db)
  await sql`analyze messages (chat_id)`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`alter table messages alter column chat_id reset (n_distinct)`.execute(db)
  await sql`analyze messages (chat_id)`.execute(db)
}
