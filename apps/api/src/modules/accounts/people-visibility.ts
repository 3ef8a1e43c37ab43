import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'

/** What a person may see of another: `full` with presence, `profile` without; nothing of anybody else. */
export type Sight = 'full' | 'profile'

/** What of a row others may see, with how much of it the asking person does. */
export type PersonRow = {
  id: string
  username: string
  name: string
  bio: string | null
  avatar_key: string | null
  last_seen_at: Date | null
  version: number
  sight: Sight | null
}

/** The columns of a {@link PersonRow} but `sight`. */
export const personColumns = sql.raw(
  ['id', 'username', 'name', 'bio', 'avatar_key', 'last_seen_at', 'version'].map((name) => `users.${name}`).join(', '),
)

/** The row of the pair's friendship or request, whoever asked. Expects tables named `users` and `friendships`. */
export const isPairWith = (userId: string): RawBuilder<boolean> => sql`(
  least(friendships.requester_id, friendships.addressee_id) = least(users.id, ${userId}::uuid)
  and greatest(friendships.requester_id, friendships.addressee_id) = greatest(users.id, ${userId}::uuid)
)`

/** Neither has blocked the other. Expects a table named `users`. */
export const isUnblocked = (userId: string): RawBuilder<boolean> => sql`not exists (
  select from blocks
  where (blocker_id, blocked_id) in ((users.id, ${userId}::uuid), (${userId}::uuid, users.id))
)`

/**
 * What the actor sees of `users`: everything of themselves, of people of their organization and of friends; the profile of
 * those between whom and them a friend request is open; null of everybody else. Platform roles, who have no
 * organization, are people like others here: what they see of everybody is under `/admin`.
 */
export const sightOf = ({ userId, organizationId }: Actor): RawBuilder<Sight | null> => sql`case
  when users.id = ${userId}::uuid or users.organization_id = ${organizationId}::uuid then 'full'
  else (
    select case when accepted_at is null then 'profile' else 'full' end from friendships where ${isPairWith(userId)}
  )
end`
