import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table invites (
      id uuid primary key,
      email text not null check (email = lower(btrim(email)) and char_length(email) <= 254),
      role text not null check (role in ('site_admin', 'operator', 'client_admin', 'client_user')),
      -- The one to join, or the one that was made when a client_admin accepted.
      organization_id uuid references organizations (id) on delete cascade,
      -- What the organization is to be called that a client_admin brings with them.
      organization_name text check (char_length(organization_name) between 1 and 100),
      inviter_id uuid not null references users (id) on delete cascade,
      -- The mail whose link carries the token, which is derived from it; a newer one makes the links before worthless.
      email_id uuid not null unique,
      status text not null check (status in ('pending', 'accepted', 'revoked', 'expired')),
      expires_at timestamptz not null,
      accepted_by uuid references users (id) on delete set null,
      accepted_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      check ((role = 'client_admin') = (organization_name is not null)),
      check (role <> 'client_user' or organization_id is not null),
      check ((status = 'accepted') = (accepted_at is not null))
    )`.execute(db)
  // One open invitation per address: of two at once Postgres refuses the second.
  await sql`create unique index invites_open_email on invites (email) where status = 'pending'`.execute(db)
  await sql`create index invites_email on invites (email)`.execute(db)
  // Lists, the newest first: those of everybody and those of one person, of every status or of one.
  await sql`create index invites_status on invites (status, id)`.execute(db)
  await sql`create index invites_inviter_id on invites (inviter_id, id)`.execute(db)
  await sql`create index invites_inviter_status on invites (inviter_id, status, id)`.execute(db)
  await sql`create index invites_expires_at on invites (expires_at) where status = 'pending'`.execute(db)
  await sql`create index invites_organization_id on invites (organization_id) where organization_id is not null`.execute(
    db,
  )
  // The few who are told of what others bring.
  await sql`
    create index users_platform_role on users (role) where role in ('super_admin', 'site_admin', 'operator')`.execute(
    db,
  )
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop index users_platform_role`.execute(db)
  await sql`drop table invites`.execute(db)
}
