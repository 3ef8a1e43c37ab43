import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  // When a reminder worker must look at the person again: usually their next morning digest; null when there is none to
  // come. The worker alone knows zones. Whoever changes what the digest depends on sets it to now, and so does the default:
  // also for those who are there already, and for whom the release before adds.
  await sql`alter table users add column next_digest_at timestamptz default now()`.execute(db)
  await sql`create index users_next_digest_at on users (next_digest_at) where next_digest_at is not null`.execute(db)
  await sql`
    create table digest_deliveries (
      id uuid primary key,
      user_id uuid not null references users (id) on delete cascade,
      -- Of the person's own calendar: whatever their zone is, a date has one digest.
      local_date date not null,
      scheduled_at timestamptz not null,
      status text not null check (status in ('sent', 'failed')),
      failure_reason text,
      late boolean not null,
      created_at timestamptz not null,
      unique (user_id, local_date),
      check ((status = 'failed') = (failure_reason is not null))
    )`.execute(db)
  await sql`create index digest_deliveries_created_at on digest_deliveries (created_at)`.execute(db)

  // For which due date the notices were handed over; another due date puts the task back into the index.
  await sql`alter table tasks add column upcoming_for timestamptz, add column overdue_for timestamptz`.execute(db)
  for (const column of ['upcoming_for', 'overdue_for']) {
    await sql`
      create index ${sql.id(`tasks_${column}`)} on tasks (due_date)
      where status <> 'completed' and ${sql.id(column)} is distinct from due_date`.execute(db)
  }
  await sql`
    create table due_notices (
      id uuid primary key,
      task_id uuid not null references tasks (id) on delete cascade,
      user_id uuid not null references users (id) on delete cascade,
      kind text not null check (kind in ('upcoming', 'overdue')),
      due_date timestamptz not null,
      status text not null check (status in ('sent', 'failed')),
      failure_reason text,
      late boolean not null,
      created_at timestamptz not null,
      unique (task_id, user_id, kind, due_date),
      check ((status = 'failed') = (failure_reason is not null))
    )`.execute(db)
  await sql`create index due_notices_user_id on due_notices (user_id)`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table due_notices, digest_deliveries`.execute(db)
  await sql`alter table tasks drop column upcoming_for, drop column overdue_for`.execute(db)
  await sql`alter table users drop column next_digest_at`.execute(db)
}
