import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table tasks (
      id uuid primary key,
      owner_id uuid not null references users (id) on delete cascade,
      assignee_id uuid references users (id) on delete set null,
      organization_id uuid references organizations (id),
      title text not null check (char_length(title) between 3 and 200),
      description text check (char_length(description) <= 1000),
      due_date timestamptz not null,
      priority text not null default 'medium' check (priority in ('low', 'medium', 'high')),
      category text check (char_length(category) <= 50),
      status text not null default 'todo' check (status in ('todo', 'in-progress', 'completed')),
      link text,
      completed_at timestamptz,
      version integer not null default 1,
      search tsvector generated always as (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', coalesce(description, '')), 'B')
      ) stored,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      check ((status = 'completed') = (completed_at is not null))
    )`.execute(db)
  await sql`create index tasks_owner_due on tasks (owner_id, due_date, id)`.execute(db)
  await sql`create index tasks_assignee_due on tasks (assignee_id, due_date, id) where assignee_id is not null`.execute(
    db,
  )
  await sql`create index tasks_organization_due on tasks (organization_id, due_date, id)`.execute(db)
  await sql`create index tasks_search on tasks using gin (search)`.execute(db)

  await sql`
    create table attachments (
      id uuid primary key,
      task_id uuid not null references tasks (id) on delete cascade,
      organization_id uuid references organizations (id),
      uploader_id uuid references users (id) on delete set null,
      filename text not null check (char_length(filename) between 1 and 255),
      content_type text not null,
      kind text not null check (kind in ('image', 'document')),
      status text not null check (status in ('processing', 'ready', 'failed')),
      size_bytes bigint not null check (size_bytes >= 0),
      storage_key text not null,
      thumbnail_key text,
      width_px integer,
      height_px integer,
      original_size_bytes bigint not null,
      optimized_size_bytes bigint,
      failure_reason text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      check ((status = 'failed') = (failure_reason is not null))
    )`.execute(db)
  await sql`create index attachments_task_id on attachments (task_id, created_at)`.execute(db)
  await sql`create index attachments_organization_id on attachments (organization_id) include (size_bytes)`.execute(db)

  await sql`
    create table reminders (
      id uuid primary key,
      task_id uuid not null references tasks (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      scheduled_at timestamptz not null,
      offset_minutes integer check (offset_minutes >= 0),
      type text not null default 'both' check (type in ('email', 'push', 'both')),
      message text check (char_length(message) <= 500),
      status text not null default 'pending' check (status in ('pending', 'sent', 'completed', 'cancelled', 'failed')),
      failure_reason text,
      late boolean not null default false,
      -- When a reminder worker claimed it and ordered its job; cleared when the schedule moves.
      handed_at timestamptz,
      sent_at timestamptz,
      completed_at timestamptz,
      version integer not null default 1,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    )`.execute(db)
  // The claim of a tick reads only what is due: the index holds nothing that was handed over or has ended.
  await sql`create index reminders_due on reminders (scheduled_at) where status = 'pending' and handed_at is null`.execute(
    db,
  )
  await sql`create index reminders_task_id on reminders (task_id, scheduled_at)`.execute(db)
  await sql`create index reminders_user_id on reminders (user_id, scheduled_at, id)`.execute(db)

  await sql`
    create table reminder_deliveries (
      id uuid primary key,
      reminder_id uuid not null references reminders (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      scheduled_at timestamptz not null,
      late boolean not null,
      created_at timestamptz not null,
      unique (reminder_id, scheduled_at)
    )`.execute(db)

  await sql`
    create table notifications (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      type text not null
        check (type in ('overdue', 'upcoming', 'reminder', 'general', 'invite', 'chat', 'security')),
      title text not null,
      message text not null,
      task_id uuid references tasks (id) on delete set null,
      chat_id uuid,
      data jsonb not null default '{}',
      is_read boolean not null default false,
      created_at timestamptz not null default now()
    )`.execute(db)
  await sql`create index notifications_user_id on notifications (user_id, id desc)`.execute(db)
  await sql`create index notifications_task_id on notifications (task_id) where task_id is not null`.execute(db)

  await sql`
    create table idempotency_keys (
      actor_id uuid not null references users (id) on delete cascade,
      route text not null,
      key text not null check (char_length(key) between 1 and 64),
      body_hash bytea not null,
      resource_id uuid not null,
      created_at timestamptz not null default now(),
      primary key (actor_id, route, key)
    )`.execute(db)
  await sql`create index idempotency_keys_created_at on idempotency_keys (created_at)`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table idempotency_keys, notifications, reminder_deliveries, reminders, attachments, tasks`.execute(db)
}
