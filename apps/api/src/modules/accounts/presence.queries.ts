import type { Db } from '@muster/db'
import { sql } from 'kysely'

/**
 * Writes when users were last seen, in one statement, except for users whose time another instance wrote within the
 * interval. Skips rows that are locked: their users will be seen again.
 */
export async function setLastSeen(db: Db, seen: readonly [string, number][], intervalMs: number): Promise<void> {
  await sql`
    with seen as (
      select * from unnest(
        ${seen.map(([userId]) => userId)}::uuid[], ${seen.map(([, atMs]) => new Date(atMs))}::timestamptz[]
      ) as seen (id, at)
    ), due as (
      select users.id, seen.at from users join seen using (id)
      where last_seen_at is null or last_seen_at <= seen.at - ${intervalMs} * interval '1 millisecond'
      order by users.id for no key update of users skip locked
    )
    update users set last_seen_at = due.at from due where users.id = due.id`.execute(db)
}
