import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

export async function up(db: AnyDb): Promise<void> {
  // The counters are raised under the lock of the chat's row: `seq` numbers messages, `change` every visible change. Each row of
  // `chats` (own_change), `chat_members` and `messages` stores the number of its latest change; there is no log.
  await sql`
    create table chats (
      id uuid primary key,
      kind text not null check (kind in ('direct', 'group')),
      name text check (char_length(name) between 1 and 100),
      avatar_key text,
      organization_id uuid references organizations (id) on delete set null,
      -- The two users of a direct chat, in the order of their ids.
      user_low_id uuid references users (id),
      user_high_id uuid references users (id),
      seq bigint not null default 0,
      change bigint not null default 0,
      own_change bigint not null default 0,
      -- Messages below were removed by the retention.
      first_seq bigint not null default 1,
      last_message_at timestamptz,
      -- When the pending job that tells about new messages runs; null without one.
      notify_job_at timestamptz,
      created_by uuid references users (id),
      version integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      check ((kind = 'direct') = (user_low_id is not null)),
      check ((kind = 'direct') = (user_high_id is not null)),
      check (user_low_id < user_high_id),
      check ((kind = 'group') = (name is not null)),
      check (own_change <= change),
      check (first_seq between 1 and seq + 1)
    ) with (fillfactor = 70)`.execute(db)
  await sql`create unique index chats_pair on chats (user_low_id, user_high_id) where kind = 'direct'`.execute(db)
  await sql`create index chats_user_high on chats (user_high_id) where kind = 'direct'`.execute(db)
  await sql`create index chats_organization_id on chats (organization_id) where organization_id is not null`.execute(db)

  // A member who left keeps the row: it tells the others of it. Who joins again starts anew in the same row.
  await sql`
    create table chat_members (
      chat_id uuid not null references chats (id) on delete cascade,
      user_id uuid not null references users (id),
      role text not null check (role in ('admin', 'member')),
      -- Messages above it are visible to the member.
      joined_seq bigint not null,
      -- The numbers of the changes by which the member joined and left.
      joined_change bigint not null,
      left_change bigint,
      read_seq bigint not null default 0,
      -- The number of the latest change of this row.
      change bigint not null,
      -- infinity: for ever.
      muted_until timestamptz,
      mutes_mentions boolean not null default false,
      archived_at timestamptz,
      joined_at timestamptz not null default now(),
      left_at timestamptz,
      -- When membership or role changed last; reading and muting do not count.
      updated_at timestamptz not null default now(),
      primary key (chat_id, user_id),
      check ((left_at is null) = (left_change is null)),
      check (left_change > joined_change)
    ) with (fillfactor = 80)`.execute(db)
  await sql`create index chat_members_user_id on chat_members (user_id) where left_at is null`.execute(db)
  await sql`create index chat_members_updated on chat_members (user_id, updated_at)`.execute(db)
  await sql`create index chat_members_change on chat_members (chat_id, change)`.execute(db)

  await sql`
    create table messages (
      id uuid primary key,
      chat_id uuid not null references chats (id) on delete cascade,
      seq bigint not null check (seq > 0),
      change bigint not null,
      sender_id uuid not null references users (id),
      -- Chosen by the sender, so that sending twice writes once.
      client_id uuid not null,
      -- HMAC of the content as it was first sent.
      content_mac bytea not null,
      body text check (char_length(body) between 1 and 4000),
      reply_to_id uuid,
      reply_to_seq bigint,
      mentions uuid[] not null default '{}',
      edited_at timestamptz,
      deleted_at timestamptz,
      deleted_by uuid references users (id),
      version integer not null default 1,
      created_at timestamptz not null default now(),
      search tsvector,
      unique (chat_id, seq),
      unique (chat_id, sender_id, client_id),
      check ((reply_to_id is null) = (reply_to_seq is null)),
      check (deleted_at is null or (body is null and mentions = '{}'))
    )`.execute(db)
  await sql`create index messages_change on messages (chat_id, change)`.execute(db)
  await sql`create index messages_sender_id on messages (sender_id, id)`.execute(db)
  await sql`create index messages_created_at on messages (created_at)`.execute(db)
  await sql`create index messages_search on messages using gin (search)`.execute(db)
  // Runs with the search path of the writer, like that of tasks: a generated column would fail in a restore.
  await sql`
    create function fill_message_search() returns trigger language plpgsql as $$
    begin
      new.search := search_vector(null, new.body);
      return new;
    end
    $$`.execute(db)
  await sql`
    create trigger messages_search before insert or update of body on messages
    for each row execute function fill_message_search()`.execute(db)

  await sql`
    create table message_reactions (
      message_id uuid not null references messages (id) on delete cascade,
      user_id uuid not null references users (id),
      emoji text not null check (octet_length(emoji) between 1 and 32),
      created_at timestamptz not null,
      primary key (message_id, emoji, user_id)
    )`.execute(db)
  await sql`create index message_reactions_user_id on message_reactions (user_id)`.execute(db)

  await sql`
    create table message_reports (
      id uuid primary key,
      message_id uuid not null references messages (id) on delete cascade,
      chat_id uuid not null references chats (id) on delete cascade,
      reporter_id uuid not null references users (id),
      reason text not null check (char_length(reason) between 1 and 1000),
      created_at timestamptz not null,
      unique (message_id, reporter_id)
    )`.execute(db)

  // A restored copy of the data gets another epoch, so that clients drop what they know of later changes.
  await sql`
    create table restore_epoch (
      only_row boolean primary key default true check (only_row),
      id uuid not null
    )`.execute(db)
  await sql`insert into restore_epoch (id) values (gen_random_uuid())`.execute(db)

  // Files of chats are attachments too. These statements change the catalog alone; `finish` checks the stored rows.
  await sql`
    alter table attachments
      alter column task_id drop not null,
      add column chat_id uuid,
      add column message_id uuid,
      add column position smallint,
      add constraint attachments_chat_id_fkey foreign key (chat_id) references chats (id) on delete cascade not valid,
      add constraint attachments_message_id_fkey foreign key (message_id) references messages (id) on delete set null not valid,
      add constraint attachments_place check ((task_id is null) <> (chat_id is null)) not valid`.execute(db)
}

/** Fails while a chat has files. */
export async function down(db: AnyDb): Promise<void> {
  await sql`
    alter table attachments
      drop column chat_id, drop column message_id, drop column position, alter column task_id set not null`.execute(db)
  await sql`drop table restore_epoch, message_reports, message_reactions, messages, chat_members, chats`.execute(db)
  await sql`drop function fill_message_search`.execute(db)
}

/** Validates the new constraints of attachments beside the writes of a running API. */
export async function finish(db: AnyDb): Promise<void> {
  for (const name of ['attachments_chat_id_fkey', 'attachments_message_id_fkey', 'attachments_place'])
    await sql`alter table attachments validate constraint ${sql.id(name)}`.execute(db)
}
