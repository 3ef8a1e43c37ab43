import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`
    create table audit_pending (
      id uuid primary key,
      action text not null,
      actor_id uuid,
      target_type text not null,
      target_id text not null,
      ip text,
      user_agent text,
      request_id text,
      before jsonb,
      after jsonb,
      created_at timestamptz not null default clock_timestamp()
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)`.execute(db)

  await sql`
    create table audit_events (
      seq bigint not null,
      id uuid not null,
      action text not null,
      actor_id uuid,
      target_type text not null,
      target_id text not null,
      created_at timestamptz not null,
      -- HMAC of the personal fields and their salt, which lie in audit_personal and can be erased.
      personal_digest bytea not null,
      key_id text not null,
      previous_hash bytea not null,
      hash bytea not null,
      primary key (seq, created_at)
    ) partition by range (created_at)`.execute(db)
  await sql`create index audit_events_created_at on audit_events (created_at, seq)`.execute(db)
  await sql`create index audit_events_actor on audit_events (actor_id, seq)`.execute(db)
  await sql`create index audit_events_target on audit_events (target_type, target_id, seq)`.execute(db)
  await sql`create index audit_events_action on audit_events (action, seq)`.execute(db)

  await sql`
    create table audit_personal (
      event_id uuid primary key,
      salt bytea not null,
      ip text,
      user_agent text,
      request_id text,
      before jsonb,
      after jsonb
    )`.execute(db)

  // The end of the chain: the one row that the audit workers lock to append.
  await sql`
    create table audit_chain_head (
      only_row boolean primary key default true check (only_row),
      seq bigint not null,
      hash bytea not null,
      updated_at timestamptz not null default now()
    )`.execute(db)
  await sql`insert into audit_chain_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'))`.execute(db)

  await sql`
    create function audit_refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is refused: audit_events is append-only', tg_op using errcode = 'insufficient_privilege';
    end $$`.execute(db)
  await sql`
    create trigger audit_events_append_only before update or delete on audit_events
      for each row execute function audit_refuse_change()`.execute(db)
  await sql`
    create trigger audit_events_no_truncate before truncate on audit_events
      for each statement execute function audit_refuse_change()`.execute(db)

  await sql`
    create function audit_ensure_partition(moment timestamptz) returns void language plpgsql as $$
    declare
      first_day date := date_trunc('month', moment at time zone 'UTC');
      name text := format('audit_events_%s', to_char(first_day, 'YYYY_MM'));
    begin
      if to_regclass(name) is not null then return; end if;
      execute format('create table %I partition of audit_events for values from (%L) to (%L)', name,
        first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
      -- A trigger on truncate is not inherited by partitions.
      execute format('create trigger audit_events_no_truncate before truncate on %I
        for each statement execute function audit_refuse_change()', name);
    end $$`.execute(db)
  await sql`select audit_ensure_partition(now()), audit_ensure_partition(now() + interval '1 month')`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop table audit_chain_head, audit_personal, audit_events, audit_pending`.execute(db)
  await sql`drop function audit_ensure_partition, audit_refuse_change`.execute(db)
}
