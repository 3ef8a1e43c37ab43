import { type Kysely, sql } from 'kysely'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
type AnyDb = Kysely<any>

export async function up(db: AnyDb): Promise<void> {
  // Beside `notifications` instead of in it: the number of a change is known at the commit, and a second write of the narrow row is cheap.
  // A notification without a row has not changed since before this migration. Neither table refers to `users`: rows of a user who is
  // deleted by hand must not fail the cascade that deletes their notifications.
  await sql`
    create table notification_counters (
      user_id uuid primary key,
      change bigint not null,
      -- Changes up to it may be missing, because their rows were removed.
      removed_change bigint not null default 0
    ) with (fillfactor = 50)`.execute(db)
  await sql`
    create table notification_changes (
      notification_id uuid primary key,
      user_id uuid not null,
      -- The number of its latest change among those of the user's notifications.
      change bigint not null,
      -- The number of the change that created it; 0 when it was created before this migration.
      created_change bigint not null,
      -- Set when it was deleted, for clients that still show it.
      deleted_at timestamptz
    ) with (fillfactor = 80)`.execute(db)
  await sql`create unique index notification_changes_change on notification_changes (user_id, change)`.execute(db)
  await sql`
    create index notification_changes_deleted on notification_changes (deleted_at) where deleted_at is not null`.execute(db)

  // Collects the changes of a statement for the transaction's commit: its kind, the user and the notification, each of fixed length.
  await sql`
    create function collect_notification_changes() returns trigger language plpgsql as $$
    declare
      collected text;
    begin
      select string_agg(left(tg_op, 1) || user_id || id, ',' order by id) into collected from changed;
      if collected is not null then
        perform set_config(
          'muster.notification_changes',
          concat_ws(',', nullif(current_setting('muster.notification_changes', true), ''), collected),
          true
        );
      end if;
      return null;
    end
    $$`.execute(db)
  for (const [event, rows] of Object.entries({ insert: 'new', update: 'new', delete: 'old' }))
    await sql`
      create trigger ${sql.id(`notifications_collect_${event}`)} after ${sql.raw(event)} on notifications
      referencing ${sql.raw(rows)} table as changed
      for each statement execute function collect_notification_changes()`.execute(db)

  // Numbers the changes of one user's notifications, in this order. The most frequent case is a single one.
  await sql`
    create function number_notification_changes_of(of_user uuid, items text[]) returns void language plpgsql as $$
    declare
      before_first bigint;
    begin
      insert into notification_counters as counters (user_id, change) values (of_user, cardinality(items))
      on conflict (user_id) do update set change = counters.change + excluded.change
      returning change - cardinality(items) into before_first;
      insert into notification_changes (notification_id, user_id, change, created_change, deleted_at)
      select substr(item, 38)::uuid, of_user, before_first + place,
        case when item like 'I%' then before_first + place else 0 end, case when item like 'D%' then now() end
      from unnest(items) with ordinality as numbered (item, place)
      on conflict (notification_id) do update set change = excluded.change, deleted_at = excluded.deleted_at;
    end
    $$`.execute(db)

  // Numbers what a transaction collected, at its commit: the locks of the counters are the last ones that it takes, in one order, so they
  // cause no deadlock, whatever it locked before. The first call numbers everything; the others find nothing left.
  await sql`
    create function number_notification_changes() returns trigger language plpgsql as $$
    declare
      collected text := current_setting('muster.notification_changes', true);
      pending record;
    begin
      if coalesce(collected, '') = '' then
        return null;
      end if;
      perform set_config('muster.notification_changes', '', true);
      if strpos(collected, ',') = 0 then
        perform number_notification_changes_of(substr(collected, 2, 36)::uuid, array[collected]);
        return null;
      end if;
      -- A notification that changed twice has one number: that of a deletion, of its creation, or of another change.
      for pending in
        select user_id, array_agg(kind || rest order by place) as items
        from (
          select substr(item, 2, 36)::uuid as user_id, substr(item, 2) as rest, max(place) as place,
            case when bool_or(item like 'D%') then 'D' when bool_or(item like 'I%') then 'I' else 'U' end as kind
          from string_to_table(collected, ',') with ordinality as items (item, place)
          group by 1, 2
        ) changed
        group by user_id order by user_id
      loop
        perform number_notification_changes_of(pending.user_id, pending.items);
      end loop;
      return null;
    end
    $$`.execute(db)
  await sql`
    create constraint trigger notifications_number after insert or update or delete on notifications
    deferrable initially deferred for each row execute function number_notification_changes()`.execute(db)

  await sql`
    create function note_removed_changes() returns trigger language plpgsql as $$
    begin
      perform from notification_counters where user_id in (select user_id from removed) order by user_id for no key update;
      update notification_counters counters set removed_change = greatest(removed_change, last_change)
      from (select user_id, max(change) as last_change from removed group by user_id) latest
      where counters.user_id = latest.user_id;
      return null;
    end
    $$`.execute(db)
  await sql`
    create trigger notification_changes_removed after delete on notification_changes
    referencing old table as removed for each statement execute function note_removed_changes()`.execute(db)
}

export async function down(db: AnyDb): Promise<void> {
  await sql`drop trigger notifications_number on notifications`.execute(db)
  for (const event of ['insert', 'update', 'delete'])
    await sql`drop trigger ${sql.id(`notifications_collect_${event}`)} on notifications`.execute(db)
  await sql`
    drop function number_notification_changes(), number_notification_changes_of(uuid, text[]),
      collect_notification_changes()`.execute(db)
  await sql`drop table notification_changes, notification_counters`.execute(db)
  await sql`drop function note_removed_changes()`.execute(db)
}
