import type { Db } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { inOrder, lower, lowerAscii } from '../../sql/text-order.ts'
import { isUnblocked, type PersonRow, personColumns, sightOf } from './people-visibility.ts'

/** Undefined when there is nobody, or nobody who is around, or one of the two has blocked the other. */
export async function findPerson(db: Db, id: string, actor: Actor): Promise<PersonRow | undefined> {
  const { rows } = await sql<PersonRow>`
    select ${personColumns}, ${sightOf(actor)} as sight from users
    where id = ${id} and ${activeUserSql} and ${isUnblocked(actor.userId)}`.execute(db)
  return rows[0]
}

/**
 * People of the actor's organization and friends whose name or username contains the text, and whoever has exactly this
 * username; those whose names begin with it come first.
 */
export async function searchPeople(db: Db, actor: Actor, text: string, limit: number): Promise<PersonRow[]> {
  const { userId, organizationId } = actor
  const { rows } = await sql<PersonRow>`
    with known as (
      select id from users where organization_id = ${organizationId}::uuid
      union select addressee_id from friendships where requester_id = ${userId}::uuid and accepted_at is not null
      union select requester_id from friendships where addressee_id = ${userId}::uuid and accepted_at is not null
    ), found as (
      select id from known join users using (id)
      where strpos(username, ${lowerAscii(text)}) > 0 or strpos(${lower(sql`name`)}, ${lower(text)}) > 0
      union select id from users where username = ${lowerAscii(text)}
    )
    select ${personColumns}, ${sightOf(actor)} as sight from found join users using (id)
    where id <> ${userId}::uuid and ${activeUserSql} and ${isUnblocked(userId)}
    order by username = ${lowerAscii(text)} desc,
      strpos(username, ${lowerAscii(text)}) = 1 or strpos(${lower(sql`name`)}, ${lower(text)}) = 1 desc,
      ${inOrder(sql`name`)}, id
    limit ${limit}`.execute(db)
  return rows
}
