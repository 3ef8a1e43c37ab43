import type { Db } from '@muster/db'
import { sql } from 'kysely'
import { notificationColumns, type StoredNotification } from './notification-columns.ts'
import { type NotificationRow, toStored } from './notifications.queries.ts'

/** The number of the latest change of the notifications that somebody knows. */
export type KnownChange = { userId: string; change: number }

export type UserChanges = {
  /** The number of the user's latest change. */
  latest: number
  /** Changes up to this number may be missing. */
  removed: number
  unreadCount: number
  rows: ChangeRow[]
}
/** The latest change of a notification; without a `stored` one it was deleted. */
export type ChangeRow = {
  change: number
  createdChange: number
  notificationId: string
  stored: StoredNotification | undefined
}

type Row = { userId: string; latest: number; removed: number; unreadCount: number } & (
  | (Omit<ChangeRow, 'stored'> & { notification: NotificationRow | null })
  | { change: null }
)

/** Reads of each user at most `limit` changes after the known one, ascending; all users in one snapshot. */
export async function readChanges(
  db: Db,
  known: readonly KnownChange[],
  limit: number,
): Promise<Map<string, UserChanges>> {
  const { rows } = await sql<Row>`
    with asked as materialized (
      select known.user_id, known.change as after, coalesce(counters.change, 0) as latest,
        coalesce(removed_change, 0) as removed,
        (select count(*) from notifications where user_id = known.user_id and not is_read) as unread_count
      from ${knownChanges(known)} left join lateral (${counterOfKnown}) counters on true
    )
    select asked.user_id as "userId", latest, removed, unread_count as "unreadCount", changes.*
    from asked left join lateral (
      select changes.change, created_change as "createdChange", notification_id as "notificationId",
        (select to_jsonb(shown) from (
          select ${notificationColumns.selection} from notifications
          where id = notification_id and user_id = asked.user_id
        ) shown) as notification
      from notification_changes changes
      where changes.user_id = asked.user_id and changes.change > asked.after order by changes.change limit ${limit}
    ) changes on true
    order by changes.change`.execute(db)
  const byUser = new Map<string, UserChanges>()
  for (const { userId, latest, removed, unreadCount, ...row } of rows) {
    const changes = byUser.get(userId) ?? { latest, removed, unreadCount, rows: [] }
    byUser.set(userId, changes)
    if (row.change === null) continue
    const { notification, ...numbers } = row
    changes.rows.push({ ...numbers, stored: notification ? toStored(notification) : undefined })
  }
  return byUser
}

/** Reads the counters of these users that are not the known change: usually higher, lower after a restore of the data. */
export async function readOtherCounters(db: Db, known: readonly KnownChange[]): Promise<KnownChange[]> {
  const { rows } = await sql<KnownChange>`
    select known.user_id as "userId", counters.change from ${knownChanges(known)} cross join lateral (${counterOfKnown}) counters
    where counters.change <> known.change`.execute(db)
  return rows
}

/** The limit makes Postgres use the index for each user. A join would read the counters of all users, of whom few are connected. */
const counterOfKnown = sql`
  select change, removed_change from notification_counters where user_id = known.user_id limit 1`

const knownChanges = (known: readonly KnownChange[]) => sql`
  unnest(${known.map(({ userId }) => userId)}::uuid[], ${known.map(({ change }) => change)}::bigint[])
    as known (user_id, change)`
