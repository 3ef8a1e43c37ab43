import type { Db } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import { isUnblocked, visibilityFor } from './user-visibility.ts'

/** A user who would like to know the presence of another one. */
export type PresencePair = { viewerId: string; userId: string }

/**
 * Reads for which of these pairs the viewer may know the presence of the user, with when that one was last seen: the rule of
 * `visibilityFor`, by the rows of now.
 */
export async function findVisiblePresence(
  db: Db,
  pairs: readonly PresencePair[],
): Promise<(PresencePair & { lastSeenAt: Date | null })[]> {
  if (pairs.length === 0) return []
  const viewer = sql.ref('viewer.id')
  const { rows } = await sql<PresencePair & { lastSeenAt: Date | null }>`
    select viewer.id as "viewerId", users.id as "userId", users.last_seen_at as "lastSeenAt"
    from unnest(${pairs.map(({ viewerId }) => viewerId)}::uuid[], ${pairs.map(({ userId }) => userId)}::uuid[])
      as given (viewer_id, user_id)
      join users viewer on viewer.id = given.viewer_id
      join users on users.id = given.user_id
    where ${activeUserSql} and ${isUnblocked(viewer)}
      and ${visibilityFor({ userId: viewer, organizationId: sql.ref('viewer.organization_id') })} = 'full'`.execute(db)
  return rows
}

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
