import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table key_checks (
      -- The name of the variable, e.g. AUDIT_KEYS.
      ring text not null,
      key_id text not null,
      -- HMAC-SHA-256 of a fixed label with the key: equal for equal keys, and of no use to find the key. Unique, since a
      -- key belongs to one ring and has one id there. Null when an operator gave the key up.
      check_value bytea unique check (octet_length(check_value) = 32),
      forgotten_at timestamptz,
      -- When a process first started with the key.
      first_seen_at timestamptz not null default now(),
      -- When new values began to be made with it, last; null when that never was.
      became_current_at timestamptz,
      primary key (ring, key_id),
      check ((check_value is null) = (forgotten_at is not null))
    )`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table key_checks`.execute(db)
}
