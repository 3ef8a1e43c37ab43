import type { Db } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { alphabetical, folded, lowerAscii } from '../../sql/collation.ts'
import { isUnblocked, type PublicUserRow, publicUserColumns, visibilityFor } from './user-visibility.ts'

/** Reads those of these users who are visible to the actor, in the order of the ids, each once. */
export async function findPublicUsers(db: Db, ids: readonly string[], actor: Actor): Promise<PublicUserRow[]> {
  const { rows } = await sql<PublicUserRow>`
    select * from (
      select ${publicUserColumns}, ${visibilityFor(actor)} as visibility from users
      where id = any(${ids}::uuid[]) and ${activeUserSql} and ${isUnblocked(actor.userId)}
    ) found where visibility is not null order by array_position(${ids}::uuid[], id)`.execute(db)
  return rows
}

/** Reads those of these users whom the search still finds, in the order of the ids. */
export async function findAgain(db: Db, actor: Actor, text: string, ids: readonly string[]): Promise<PublicUserRow[]> {
  const { rows } = await sql<PublicUserRow>`
    select * from (
      select ${publicUserColumns}, ${visibilityFor(actor)} as visibility from users
      where id = any(${ids}::uuid[]) and ${activeUserSql} and ${isUnblocked(actor.userId)}
    ) found where visibility is not null or username = ${lowerAscii(text)} order by array_position(${ids}::uuid[], id)`.execute(
    db,
  )
  return rows
}

/** Reads a user; undefined when they do not exist, are not active, or one of the two has blocked the other. */
export async function findPublicUser(db: Db, id: string, actor: Actor): Promise<PublicUserRow | undefined> {
  const { rows } = await sql<PublicUserRow>`
    select ${publicUserColumns}, ${visibilityFor(actor)} as visibility from users
    where id = ${id} and ${activeUserSql} and ${isUnblocked(actor.userId)}`.execute(db)
  return rows[0]
}

/**
 * Searches members of the actor's organization and friends whose name or username contains the text, and all users for
 * exactly this username. The exact username comes first, then names and usernames that begin with the text.
 */
export async function searchPublicUsers(db: Db, actor: Actor, text: string, limit: number): Promise<PublicUserRow[]> {
  const { userId, organizationId } = actor
  const { rows } = await sql<PublicUserRow>`
    with known as (
      select id from users where organization_id = ${organizationId}::uuid
      union select addressee_id from friendships where requester_id = ${userId}::uuid and accepted_at is not null
      union select requester_id from friendships where addressee_id = ${userId}::uuid and accepted_at is not null
    ), found as (
      select id from known join users using (id)
      where strpos(username, ${lowerAscii(text)}) > 0 or strpos(${folded(sql`name`)}, ${folded(text)}) > 0
      union select id from users where username = ${lowerAscii(text)}
    )
    select ${publicUserColumns}, ${visibilityFor(actor)} as visibility from found join users using (id)
    where id <> ${userId}::uuid and ${activeUserSql} and ${isUnblocked(userId)}
    order by username = ${lowerAscii(text)} desc,
      (strpos(username, ${lowerAscii(text)}) = 1 or strpos(${folded(sql`name`)}, ${folded(text)}) = 1) desc nulls last,
      ${alphabetical(sql`name`)}, id
    limit ${limit}`.execute(db)
  return rows
}
