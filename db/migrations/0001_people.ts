import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table organizations (
      id uuid primary key,
      name text not null check (char_length(name) between 1 and 100),
      is_personal boolean not null default false,
      two_factor_method text not null default 'none' check (two_factor_method in ('none', 'otp', 'totp')),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    )`.execute(db)

  await sql`
    create table users (
      id uuid primary key,
      username text not null unique check (username ~ '^[a-z0-9_]{3,30}$'),
      name text not null check (char_length(name) between 1 and 100),
      email text not null unique check (email = lower(btrim(email)) and char_length(email) <= 254),
      password_hash text,
      role text not null check (role in ('super_admin', 'site_admin', 'operator', 'client_admin', 'client_user')),
      organization_id uuid references organizations (id),
      bio text check (char_length(bio) <= 150),
      avatar_key text,
      timezone text not null default 'UTC',
      two_factor_method text not null default 'none' check (two_factor_method in ('none', 'otp', 'totp')),
      google_id text unique,
      is_active boolean not null default true,
      last_seen_at timestamptz,
      version integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      -- Platform roles belong to no organization; the others to exactly one.
      check ((role in ('client_admin', 'client_user')) = (organization_id is not null))
    )`.execute(db)
  await sql`create index users_organization_id on users (organization_id)`.execute(db)

  await sql`
    create table sessions (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      -- The refresh token is derived from seed and generation with a key outside the database: nothing here signs in.
      seed bytea not null check (octet_length(seed) = 32),
      generation integer not null default 0,
      rotated_at timestamptz not null,
      successor_seen boolean not null default false,
      is_remembered boolean not null default false,
      user_agent text,
      ip text,
      created_at timestamptz not null,
      last_used_at timestamptz not null,
      expires_at timestamptz not null,
      revoked_at timestamptz,
      revoked_reason text,
      renew_at timestamptz,
      -- Set by the database's clock with every revocation and forced renewal; each API instance polls it.
      changed_at timestamptz
    )`.execute(db)
  await sql`create index sessions_open on sessions (user_id, last_used_at) where revoked_at is null`.execute(db)
  await sql`create index sessions_changed_at on sessions (changed_at) where changed_at is not null`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table sessions, users, organizations`.execute(db)
}
