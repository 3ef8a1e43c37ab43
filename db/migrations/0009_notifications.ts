import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  // Of a summary, how many notifications it stands for that were too many for one hour.
  await sql`alter table notifications add column summarized integer check (summarized > 0)`.execute(db)
  // A person's newest of one type, for lists and for what the last minutes and the last hour brought.
  await sql`
    create index notifications_type on notifications (user_id, type, created_at desc, id desc)`.execute(db)
  // The unread ones are few; to count them costs as much as there are.
  await sql`
    create index notifications_unread on notifications (user_id, type, created_at desc, id desc)
    where not is_read`.execute(db)
  // What analytics count of a person, so that they read these indexes alone.
  await sql`
    create index tasks_owner_counts on tasks (owner_id, status, priority, category, completed_at)`.execute(db)
  await sql`create index reminders_user_counts on reminders (user_id, status, completed_at)`.execute(db)
  // The notification that says the same as the mail. It may be gone, which is a reason not to send the mail.
  await sql`alter table email_messages add column notification_id uuid`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`alter table email_messages drop column notification_id`.execute(db)
  await sql`drop index reminders_user_counts, tasks_owner_counts`.execute(db)
  await sql`drop index notifications_unread, notifications_type`.execute(db)
  await sql`alter table notifications drop column summarized`.execute(db)
}
