import { type Kysely, sql } from 'kysely'

/** By what the audit log is asked for, the newest first; each with the columns that its rows are ordered by. */
const searched = ['actor_id', 'target_id', 'target_type', 'action']

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  await sql`drop index audit_events_actor, audit_events_target, audit_events_action`.execute(db)
  // In the order of the partitions, so that a page is read from the newest month and touches no other.
  for (const column of searched) {
    await sql`create index ${sql.id(`audit_events_${column}`)} on audit_events (${sql.id(column)}, created_at, seq)`.execute(
      db,
    )
  }

  // What a dropped month leaves: each run of rows that stood in it, by its two ends and the hashes that hold them.
  await sql`
    create table audit_checkpoints (
      from_seq bigint primary key,
      to_seq bigint not null check (to_seq >= from_seq),
      previous_hash bytea not null,
      hash bytea not null,
      key_id text not null,
      signature bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db)
  await sql`
    create or replace function audit_refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is refused: % is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
    end $$`.execute(db)
  await sql`
    create trigger audit_checkpoints_append_only before update or delete on audit_checkpoints
      for each row execute function audit_refuse_change()`.execute(db)
  await sql`
    create trigger audit_checkpoints_no_truncate before truncate on audit_checkpoints
      for each statement execute function audit_refuse_change()`.execute(db)

  // By what the nightly sweeps find what is old; the other tables have such an index.
  await sql`create index notifications_created_at on notifications (created_at)`.execute(db)
  await sql`create index sessions_ended_at on sessions (least(revoked_at, expires_at))`.execute(db)
  await sql`create index password_resets_expires_at on password_resets (expires_at)`.execute(db)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await sql`drop index notifications_created_at, sessions_ended_at, password_resets_expires_at`.execute(db)
  await sql`drop table audit_checkpoints`.execute(db)
  for (const column of searched) await sql`drop index ${sql.id(`audit_events_${column}`)}`.execute(db)
  await sql`create index audit_events_actor on audit_events (actor_id, seq)`.execute(db)
  await sql`create index audit_events_target on audit_events (target_type, target_id, seq)`.execute(db)
  await sql`create index audit_events_action on audit_events (action, seq)`.execute(db)
}
