import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table email_messages (
      id uuid primary key,
      template text not null,
      to_address text not null,
      user_id uuid references users (id) on delete set null,
      -- What the template's slots need. Codes and tokens are derived from id and code_version, never stored.
      data jsonb not null default '{}',
      status text not null default 'queued' check (status in ('queued', 'sending', 'sent', 'failed', 'dropped')),
      attempts integer not null default 0,
      code_version integer not null default 1,
      code_key_id text,
      expires_at timestamptz,
      next_attempt_at timestamptz,
      -- The fence: only the holder of the present token may finish the row.
      lease_token uuid,
      lease_until timestamptz,
      error text,
      smtp_id text,
      created_at timestamptz not null default now(),
      sent_at timestamptz
    )`.execute(db)
  await sql`create index email_messages_created_at on email_messages (created_at)`.execute(db)
  await sql`create index email_messages_to_address on email_messages (to_address, created_at)`.execute(db)

  await sql`
    create table email_suppressions (
      address text primary key,
      reason text not null,
      created_at timestamptz not null default now()
    )`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table email_suppressions, email_messages`.execute(db)
}
