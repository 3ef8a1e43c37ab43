import { isSwitchedOnSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'

/** How much of another user the actor may read: `full` with presence, `profile` without it. */
export type Visibility = 'full' | 'profile'

/** The columns of a user that others may read. `visibility` is null when the user is not visible to the actor. */
export type PublicUserRow = {
  id: string
  username: string
  name: string
  bio: string | null
  avatar_key: string | null
  last_seen_at: Date | null
  version: number
  visibility: Visibility | null
}

/** The columns of a {@link PublicUserRow} except `visibility`. */
export const publicUserColumns = sql.raw(
  ['id', 'username', 'name', 'bio', 'avatar_key', 'last_seen_at', 'version'].map((name) => `users.${name}`).join(', '),
)

/** A value, or an expression of a statement. */
type Expression = string | RawBuilder<unknown>

/**
 * Matches the row of the friendship or friend request between `users` and this user, in either direction. Expects
 * tables named `users` and `friendships`.
 */
export const isPairWith = (userId: Expression): RawBuilder<boolean> => sql`(
  least(friendships.requester_id, friendships.addressee_id) = least(users.id, ${userId}::uuid)
  and greatest(friendships.requester_id, friendships.addressee_id) = greatest(users.id, ${userId}::uuid)
)`

/** Matches when neither of the two has blocked the other. Expects a table named `users`. */
export const isUnblocked = (userId: Expression): RawBuilder<boolean> => sql`not exists (
  select from blocks
  where (blocker_id, blocked_id) in ((users.id, ${userId}::uuid), (${userId}::uuid, users.id))
)`

/** Computes `full`, or `profile` for a user who hides their presence. Expects a table named `users`. */
export const fullUnlessHidden: RawBuilder<Visibility> = sql`case when ${isSwitchedOnSql(
  'presence',
  sql`(select settings from user_preferences where user_id = users.id)`,
)} then 'full' else 'profile' end`

/**
 * Computes the actor's visibility of `users`: `full` for the actor themselves, and for members of their organization and friends who
 * do not hide their presence; `profile` for those who hide it and the other side of an open friend request; null for all others.
 * Platform roles have no organization and get no more than others here: they read all users under `/admin`.
 */
export const visibilityFor = ({
  userId,
  organizationId,
}: {
  userId: Expression
  organizationId: Expression | null
}): RawBuilder<Visibility | null> => sql`case
  when users.id = ${userId}::uuid then 'full'
  when users.organization_id = ${organizationId}::uuid then ${fullUnlessHidden}
  else (
    select case when accepted_at is null then 'profile' else ${fullUnlessHidden} end
    from friendships where ${isPairWith(userId)}
  )
end`
