import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

/**
 * What operators look at: samples of each minute, who paused a queue and why, and the reason by which failed jobs are grouped. The tables are
 * new and the function is not used yet, so nobody waits; the indexes over failed jobs are built beside the writes.
 */
export async function up(db: AnyDb): Promise<void> {
  await sql`
    create table minute_samples (
      -- The start of the minute.
      minute timestamptz not null,
      -- A queue, or 'outbox lag' and 'audit lag', of which waiting and oldest_ms alone are known.
      name text not null,
      -- At the end of the minute. What could not be read is null.
      waiting integer,
      active integer,
      delayed integer,
      oldest_ms bigint,
      -- During the minute.
      added integer,
      completed integer,
      failed integer,
      primary key (minute, name)
    )`.execute(db)
  await sql`
    create table queue_pauses (
      queue text primary key,
      paused_at timestamptz not null default clock_timestamp(),
      paused_by uuid,
      note text not null
    )`.execute(db)
  // Ids, addresses and long numbers differ from job to job though the reason is the same.
  await sql`
    create function failure_reason(error text) returns text language sql immutable parallel safe as $function$
      select left(regexp_replace(left(coalesce(error, ''), 400),
        '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[^[:space:]<>"'']+@[^[:space:]<>"'']+|[0-9a-f]{16,}|[0-9]{5,}',
        '…', 'gi'), 200)
    $function$`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop index if exists outbox_failed_reason`.execute(db)
  await sql`drop function failure_reason(text)`.execute(db)
  await sql`drop table queue_pauses`.execute(db)
  await sql`drop table minute_samples`.execute(db)
}
