import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

export async function up(db: AnyDb): Promise<void> {
  // Members were told about messages up to this number.
  await sql`alter table chats add column notified_seq bigint not null default 0`.execute(db)
  await sql`
    create table unread_mails (
      user_id uuid primary key references users (id) on delete cascade,
      -- When the pending job runs that mails the user about unread messages; null without one.
      job_at timestamptz,
      -- When the user was last mailed about them.
      mailed_at timestamptz,
      -- Messages up to this time are settled: the user was mailed about them, or was online when they were to be mailed.
      settled_until timestamptz
    ) with (fillfactor = 80)`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop table unread_mails`.execute(db)
  await sql`alter table chats drop column notified_seq`.execute(db)
}
