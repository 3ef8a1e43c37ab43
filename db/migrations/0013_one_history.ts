import { type Kysely, sql } from 'kysely'

/**
 * Migrations 0001, 0006 and 0009 were edited after databases had applied them: since then the same names stood for
 * different schemas. Each entry is one difference; where it was never made, nothing is touched and nothing is locked.
 * `name` is a column as table.column, an index or a constraint.
 */
const differences: readonly { name: string; isWanted: boolean; statement: string }[] = [
  {
    name: 'sessions.idle_expires_at',
    isWanted: false,
    statement: 'alter table sessions drop column idle_expires_at',
  },
  {
    name: 'users.deactivated_by',
    isWanted: true,
    statement: `alter table users
      add column deactivated_by text check (deactivated_by in ('organization', 'platform'))`,
  },
  {
    name: 'users.avatar_upload_id',
    isWanted: true,
    statement: 'alter table users add column avatar_upload_id uuid',
  },
  {
    name: 'users_organization_check',
    isWanted: true,
    statement: `alter table users
      drop constraint users_check,
      add constraint users_organization_check
        check (anonymised_at is not null or (role in ('client_admin', 'client_user')) = (organization_id is not null))`,
  },
  { name: 'users_names', isWanted: false, statement: 'drop index users_names' },
  {
    name: 'email_messages_user_id',
    isWanted: true,
    statement: 'create index email_messages_user_id on email_messages (user_id) where user_id is not null',
  },
  {
    name: 'sessions_user_id',
    isWanted: true,
    statement: 'create index sessions_user_id on sessions (user_id, id)',
  },
  {
    name: 'attachments_uploader_id',
    isWanted: true,
    statement: 'create index attachments_uploader_id on attachments (uploader_id, id) where uploader_id is not null',
  },
  {
    name: 'sign_in_failures.told_at',
    isWanted: true,
    statement: 'alter table sign_in_failures add column told_at timestamptz',
  },
  {
    name: 'totp_secrets.id',
    isWanted: true,
    statement: `alter table totp_secrets
      add column id uuid not null default gen_random_uuid(),
      drop constraint totp_secrets_pkey,
      add primary key (id)`,
  },
  {
    name: 'totp_secrets_confirmed',
    isWanted: true,
    statement: 'create unique index totp_secrets_confirmed on totp_secrets (user_id) where confirmed_at is not null',
  },
  {
    name: 'totp_secrets_pending',
    isWanted: true,
    statement: 'create unique index totp_secrets_pending on totp_secrets (user_id) where confirmed_at is null',
  },
  {
    name: 'totp_secrets_key_id',
    isWanted: true,
    statement: 'create index totp_secrets_key_id on totp_secrets (key_id)',
  },
  {
    name: 'two_factor_challenges_one',
    isWanted: true,
    statement: `create unique index two_factor_challenges_one on two_factor_challenges (user_id, purpose)
      where purpose <> 'sign-in'`,
  },
  {
    name: 'tasks_owner_counts',
    isWanted: true,
    statement: 'create index tasks_owner_counts on tasks (owner_id, status, priority, category, completed_at)',
  },
  {
    name: 'reminders_user_counts',
    isWanted: true,
    statement: 'create index reminders_user_counts on reminders (user_id, status, completed_at)',
  },
]

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select format('%s.%s', table_name, column_name) as name from information_schema.columns
      where table_schema = current_schema()
    union all select indexname from pg_indexes where schemaname = current_schema()
    union all select conname from pg_constraint where connamespace = current_schema()::regnamespace`.execute(db)
  const found = new Set(rows.map(({ name }) => name))
  if (!found.has('two_factor_challenges_one')) {
    // What the unique index refuses: of challenges of one purpose only the newest was ever asked for.
    await sql`
      delete from two_factor_challenges as older using two_factor_challenges as newer
      where older.user_id = newer.user_id and older.purpose = newer.purpose and older.purpose <> 'sign-in'
        and (older.created_at, older.id) < (newer.created_at, newer.id)`.execute(db)
  }
  for (const { name, isWanted, statement } of differences) {
    if (found.has(name) !== isWanted) await sql.raw(statement).execute(db)
  }
  if (!found.has('totp_secrets.id')) await sql`alter table totp_secrets alter column id drop default`.execute(db)
}

/** Nothing: 0001, 0006 and 0009 as they are now undo themselves from here. */
export async function down(): Promise<void> {}
