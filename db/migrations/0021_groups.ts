import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/** The upload from which the picture of a group is being made, like the columns of the same names of `users`. */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    alter table chats
      add column avatar_upload_id uuid,
      add column avatar_status text check (avatar_status in ('processing', 'ready', 'failed')),
      add column avatar_uploader_id uuid references users (id)`.execute(db)
  // The sweep of abandoned uploads looks for these few.
  await sql`create index chats_avatar_upload on chats (id) where avatar_upload_id is not null`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`
    alter table chats
      drop column avatar_upload_id, drop column avatar_status, drop column avatar_uploader_id`.execute(db)
}
