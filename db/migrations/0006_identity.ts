import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    alter table users
      -- Whose decision it was that the account is not active: what the platform decided, no organization takes back.
      add column deactivated_by text check (deactivated_by in ('organization', 'platform')),
      add column avatar_status text check (avatar_status in ('processing', 'ready', 'failed')),
      -- The upload whose picture is to become the avatar; null when none is in the works.
      add column avatar_upload_id uuid,
      -- Deletion was asked for; the person is made anonymous 30 days later unless they sign in before.
      add column deletion_requested_at timestamptz,
      add column anonymised_at timestamptz`.execute(db)
  // Whoever was alone in their organization has taken it along.
  await sql`
    alter table users
      drop constraint users_check,
      add constraint users_organization_check
        check (anonymised_at is not null or (role in ('client_admin', 'client_user')) = (organization_id is not null))`.execute(
    db,
  )
  await sql`create index email_messages_user_id on email_messages (user_id) where user_id is not null`.execute(db)
  await sql`
    create index users_deletion_requested_at on users (deletion_requested_at)
      where deletion_requested_at is not null and anonymised_at is null`.execute(db)
  // What a person is given to take along, and what goes with them.
  await sql`create index sessions_user_id on sessions (user_id, id)`.execute(db)
  await sql`create index attachments_uploader_id on attachments (uploader_id, id) where uploader_id is not null`.execute(
    db,
  )

  // Consecutive failures at a password or code; by e-mail whether or not there is such an account, or by device.
  await sql`
    create table sign_in_failures (
      -- What is guarded and an HMAC of who: no address stands here.
      key text primary key,
      failures integer not null,
      locked_until timestamptz,
      -- When the owner was told of this row of failures.
      told_at timestamptz,
      updated_at timestamptz not null
    )`.execute(db)
  await sql`create index sign_in_failures_updated_at on sign_in_failures (updated_at)`.execute(db)

  await sql`
    create table known_devices (
      user_id uuid not null references users (id) on delete cascade,
      browser text not null,
      network text not null,
      first_seen_at timestamptz not null,
      last_seen_at timestamptz not null,
      primary key (user_id, browser, network)
    )`.execute(db)

  await sql`
    create table password_resets (
      -- The id of the mail that carries the token, from which the token is derived.
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      expires_at timestamptz not null,
      used_at timestamptz,
      created_at timestamptz not null
    )`.execute(db)
  await sql`create index password_resets_user_id on password_resets (user_id)`.execute(db)

  await sql`
    create table totp_secrets (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      -- AES-256-GCM with the key of this id; the user's id is authenticated with it.
      key_id text not null,
      sealed bytea not null,
      confirmed_at timestamptz,
      -- The latest time step that was accepted: neither it nor an earlier one is accepted again.
      last_step bigint not null default 0,
      created_at timestamptz not null
    )`.execute(db)
  // The one in use, and one that replaces it once its first code was right.
  await sql`
    create unique index totp_secrets_confirmed on totp_secrets (user_id) where confirmed_at is not null`.execute(db)
  await sql`create unique index totp_secrets_pending on totp_secrets (user_id) where confirmed_at is null`.execute(db)
  await sql`create index totp_secrets_key_id on totp_secrets (key_id)`.execute(db)

  await sql`
    create table recovery_codes (
      user_id uuid not null references users (id) on delete cascade,
      code_hash bytea not null check (octet_length(code_hash) = 32),
      used_at timestamptz,
      created_at timestamptz not null,
      primary key (user_id, code_hash)
    )`.execute(db)

  // A proof that is under way: the second step of a sign-in, a factor being turned on, an action being confirmed.
  await sql`
    create table two_factor_challenges (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      purpose text not null check (purpose in ('sign-in', 'enable-otp', 'confirm')),
      method text not null check (method in ('otp', 'totp')),
      -- The mail whose code is asked for; a newer one replaces it and leaves the tries as they are.
      email_id uuid,
      mailed_at timestamptz,
      tries integer not null default 0,
      -- What the first step of the sign-in decided.
      context jsonb not null default '{}',
      expires_at timestamptz not null,
      used_at timestamptz,
      created_at timestamptz not null
    )`.execute(db)
  await sql`create index two_factor_challenges_user_id on two_factor_challenges (user_id, purpose)`.execute(db)
  // A person has any number of sign-ins under way, and one of everything else.
  await sql`
    create unique index two_factor_challenges_one on two_factor_challenges (user_id, purpose)
      where purpose <> 'sign-in'`.execute(db)
  await sql`create index two_factor_challenges_expires_at on two_factor_challenges (expires_at)`.execute(db)

  await sql`
    create table user_preferences (
      user_id uuid primary key references users (id) on delete cascade,
      -- Only what the person changed; what is absent has the default of the release.
      settings jsonb not null,
      updated_at timestamptz not null
    )`.execute(db)

  await sql`
    create table friendships (
      id uuid primary key,
      requester_id uuid not null references users (id) on delete cascade,
      addressee_id uuid not null references users (id) on delete cascade,
      accepted_at timestamptz,
      created_at timestamptz not null,
      check (requester_id <> addressee_id)
    )`.execute(db)
  // One row a pair, whoever asked.
  await sql`
    create unique index friendships_pair on friendships
      (least(requester_id, addressee_id), greatest(requester_id, addressee_id))`.execute(db)
  await sql`create index friendships_requester_id on friendships (requester_id)`.execute(db)
  await sql`create index friendships_addressee_id on friendships (addressee_id)`.execute(db)

  await sql`
    create table blocks (
      blocker_id uuid not null references users (id) on delete cascade,
      blocked_id uuid not null references users (id) on delete cascade,
      created_at timestamptz not null,
      primary key (blocker_id, blocked_id),
      check (blocker_id <> blocked_id)
    )`.execute(db)
  await sql`create index blocks_blocked_id on blocks (blocked_id)`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`
    drop table blocks, friendships, user_preferences, two_factor_challenges, recovery_codes, totp_secrets,
      password_resets, known_devices, sign_in_failures`.execute(db)
  await sql`drop index sessions_user_id, attachments_uploader_id, email_messages_user_id`.execute(db)
  await sql`
    alter table users
      drop constraint users_organization_check,
      add constraint users_check check ((role in ('client_admin', 'client_user')) = (organization_id is not null))`.execute(
    db,
  )
  await sql`
    alter table users drop column deactivated_by, drop column avatar_status, drop column avatar_upload_id,
      drop column deletion_requested_at, drop column anonymised_at`.execute(db)
}
