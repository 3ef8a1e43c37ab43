import { type Database, type Db, newId, type Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { type Selectable, sql } from 'kysely'
import { alphabetical } from '../../sql/collation.ts'
import { fullUnlessHidden, isUnblocked, type PublicUserRow, publicUserColumns } from '../accounts/user-visibility.ts'

export type FriendshipRow = Selectable<Database['friendships']>
export type RequestRow = PublicUserRow & { request_id: string; requester_id: string; created_at: Date }

/** The other user of a pair, with what decides whether the actor can reach them. */
export type OtherUserRow = PublicUserRow & {
  own_name: string
  is_active_user: boolean
  is_unblocked: boolean
  is_anonymised: boolean
}

type Page = { limit: number; offset: number }

/**
 * Locks the rows of two users until the transaction ends, in the order of their ids against deadlocks: their friendship,
 * blocks and numbers of friends change one after another.
 * @returns the other user, with the name of the first; undefined when the other one does not exist
 */
export async function lockPair(trx: Trx, userId: string, otherId: string): Promise<OtherUserRow | undefined> {
  await sql`select from users where id in (${userId}, ${otherId}) order by id for no key update`.execute(trx)
  const { rows } = await sql<OtherUserRow>`
    select ${publicUserColumns}, ${fullUnlessHidden} as visibility, (select name from users where id = ${userId}) as own_name,
      ${activeUserSql} as is_active_user, ${isUnblocked(userId)} as is_unblocked, anonymised_at is not null as is_anonymised
    from users where id = ${otherId}`.execute(trx)
  return rows[0]
}

/**
 * Inserts a request, or accepts an earlier one of the other user: a pair has one row for both directions.
 * @returns undefined when the same user has an open request, or the two are friends
 */
export async function requestOrAccept(
  trx: Trx,
  { requesterId, addresseeId, now }: { requesterId: string; addresseeId: string; now: Date },
): Promise<FriendshipRow | undefined> {
  const { rows } = await sql<FriendshipRow>`
    insert into friendships (id, requester_id, addressee_id, created_at)
    values (${newId()}, ${requesterId}, ${addresseeId}, ${now})
    on conflict (least(requester_id, addressee_id), greatest(requester_id, addressee_id)) do update
      set accepted_at = excluded.created_at
      where friendships.accepted_at is null and friendships.requester_id = excluded.addressee_id
    returning *`.execute(trx)
  return rows[0]
}

/** Counts the friends of each user, and the open requests that the first has made. */
export async function countBonds(trx: Trx, userId: string, otherId: string) {
  const friendsOf = (id: string) => sql<number>`(
    select count(*)::int from friendships where ${id}::uuid in (requester_id, addressee_id) and accepted_at is not null
  )`
  const { rows } = await sql<{ own: number; others: number; outgoing: number }>`
    select ${friendsOf(userId)} as own, ${friendsOf(otherId)} as others,
      (select count(*)::int from friendships where requester_id = ${userId} and accepted_at is null) as outgoing`.execute(
    trx,
  )
  return rows[0] as { own: number; others: number; outgoing: number }
}

/** Reads a request to this user, open or accepted. */
export function findRequestTo(trx: Trx, id: string, addresseeId: string) {
  return trx
    .selectFrom('friendships')
    .selectAll()
    .where('id', '=', id)
    .where('addressee_id', '=', addresseeId)
    .executeTakeFirst()
}

/** Accepts a request. @returns false when it was accepted before, or no longer exists */
export async function accept(trx: Trx, id: string, now: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('friendships')
    .set({ accepted_at: now })
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Deletes an open request to this user. */
export function decline(trx: Trx, id: string, addresseeId: string) {
  return trx
    .deleteFrom('friendships')
    .where('id', '=', id)
    .where('addressee_id', '=', addresseeId)
    .where('accepted_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

/** Deletes the friendship or request between two users, in either direction. */
export async function removeBond(trx: Trx, userId: string, otherId: string): Promise<FriendshipRow | undefined> {
  const { rows } = await sql<FriendshipRow>`
    delete from friendships
    where least(requester_id, addressee_id) = least(${userId}::uuid, ${otherId}::uuid)
      and greatest(requester_id, addressee_id) = greatest(${userId}::uuid, ${otherId}::uuid)
    returning *`.execute(trx)
  return rows[0]
}

/** Inserts a block. @returns whether it is new, and how many blocks the blocker has now */
export async function block(trx: Trx, blockerId: string, blockedId: string, now: Date) {
  const inserted = await trx
    .insertInto('blocks')
    .values({ blocker_id: blockerId, blocked_id: blockedId, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning('blocked_id')
    .execute()
  const { count } = await trx
    .selectFrom('blocks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('blocker_id', '=', blockerId)
    .executeTakeFirstOrThrow()
  return { isNew: inserted.length > 0, count }
}

/** Deletes a block. @returns false when there was none */
export async function unblock(trx: Trx, blockerId: string, blockedId: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('blocks')
    .where('blocker_id', '=', blockerId)
    .where('blocked_id', '=', blockedId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Lists the open requests to or by a user, the newest first. */
export async function listRequests(
  db: Db,
  userId: string,
  direction: 'incoming' | 'outgoing',
  limit: number,
): Promise<RequestRow[]> {
  const [own, other] = direction === 'incoming' ? ['addressee_id', 'requester_id'] : ['requester_id', 'addressee_id']
  const { rows } = await sql<RequestRow>`
    select ${publicUserColumns}, 'profile' as visibility, friendships.id as request_id, requester_id, friendships.created_at
    from friendships join users on users.id = ${sql.ref(other as string)}
    where ${sql.ref(own as string)} = ${userId} and accepted_at is null and ${activeUserSql}
    order by friendships.created_at desc, friendships.id desc limit ${limit}`.execute(db)
  return rows
}

/** Lists a page of a user's friends by name, with their total. */
export const listFriends = (db: Db, userId: string, page: Page) =>
  readPage(db, friendsOf(userId), fullUnlessHidden, page)

/** Reads those of these users who are friends of a user, in the same order. */
export async function findFriends(db: Db, userId: string, users: readonly { id: string }[]): Promise<PublicUserRow[]> {
  const ids = users.map(({ id }) => id)
  const { rows } = await sql<PublicUserRow>`
    select ${publicUserColumns}, ${fullUnlessHidden} as visibility from ${friendsOf(userId)} and users.id = any(${ids}::uuid[])
    order by array_position(${ids}::uuid[], users.id)`.execute(db)
  return rows
}

const friendsOf = (userId: string): Fragment => sql`
  friendships join users on users.id = case when requester_id = ${userId} then addressee_id else requester_id end
  where ${userId}::uuid in (requester_id, addressee_id) and accepted_at is not null and ${activeUserSql}`

/** Lists a page of the users whom a user has blocked, by name, with their total. */
export async function listBlocked(db: Db, userId: string, page: Page) {
  const blocked = sql`
    blocks join users on users.id = blocked_id where blocker_id = ${userId} and users.anonymised_at is null`
  return readPage(db, blocked, sql`null`, page)
}

type Fragment = ReturnType<typeof sql>

async function readPage(db: Db, from: Fragment, visibility: Fragment, { limit, offset }: Page) {
  const [users, count] = await Promise.all([
    sql<PublicUserRow>`
      select ${publicUserColumns}, ${visibility} as visibility from ${from}
      order by ${alphabetical(sql`users.name`)}, users.id limit ${limit} offset ${offset}`.execute(db),
    sql<{ total: number }>`select count(*)::int as total from ${from}`.execute(db),
  ])
  return { rows: users.rows, total: count.rows[0]?.total ?? 0 }
}
