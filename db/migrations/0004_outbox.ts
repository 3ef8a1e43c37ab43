import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table outbox (
      id uuid primary key,
      queue text not null check (queue in ('email', 'audit', 'reminder', 'image')),
      name text not null,
      payload jsonb not null,
      -- When the job may start; null: at once.
      run_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      published_at timestamptz,
      -- Failed for good, with the reason: kept for the operator, owed to nobody.
      failed_at timestamptz,
      error text
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)`.execute(db)
  await sql`create index outbox_unpublished on outbox (id) where published_at is null and failed_at is null`.execute(db)
  await sql`create index outbox_owed on outbox (published_at) where published_at is not null and failed_at is null`.execute(
    db,
  )
  await sql`create index outbox_failed on outbox (failed_at) where failed_at is not null`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table outbox`.execute(db)
}
