import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/** By table: the column with the number of a row's latest change. */
const numbered = { messages: 'change', chat_members: 'change', chats: 'own_change' }

/**
 * Records when each row got its latest number, so that a poll reads what changed lately and nothing else. Triggers keep it: sending
 * a message, which does not name `own_change`, starts none, and its update of the chat stays within the page (HOT).
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    create function fill_changed_at() returns trigger language plpgsql as $$
    begin
      new.changed_at := now();
      return new;
    end
    $$`.execute(db)
  for (const [name, number] of Object.entries(numbered)) {
    const [table, column] = [sql.table(name), sql.ref(number)]
    await sql`alter table ${table} add column changed_at timestamptz not null default now()`.execute(db)
    await sql`create index ${sql.id(`${name}_changed_at`)} on ${table} (changed_at)`.execute(db)
    await sql`
      create trigger ${sql.id(`${name}_changed_at`)} before update of ${column} on ${table}
      for each row when (new.${column} is distinct from old.${column}) execute function fill_changed_at()`.execute(db)
  }
  // Polls read by the time alone.
  await sql`drop index chat_members_updated`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`create index chat_members_updated on chat_members (user_id, updated_at)`.execute(db)
  for (const name of Object.keys(numbered)) {
    await sql`drop trigger ${sql.id(`${name}_changed_at`)} on ${sql.table(name)}`.execute(db)
    await sql`alter table ${sql.table(name)} drop column changed_at`.execute(db)
  }
  await sql`drop function fill_changed_at`.execute(db)
}
