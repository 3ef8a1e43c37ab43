import type { Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { isPairWith, isUnblocked } from '../accounts/user-visibility.ts'

/**
 * SQL: the user may write to `users`, and add them to a group: `users` are active, neither has blocked the other, and they are friends
 * or in one organization by their rows. Expects a table named `users`.
 */
export const isReachableSql = (userId: string): RawBuilder<boolean> => sql`(
  ${activeUserSql} and ${isUnblocked(userId)} and (
    users.organization_id = (select self.organization_id from users self where self.id = ${userId}::uuid)
    or exists (select from friendships where ${isPairWith(userId)} and accepted_at is not null)
  )
)`

/**
 * Finds those users whom an actor may not add to a chat.
 * @param organizationId of a group whose members must be in it; null for other chats
 */
export async function findUnreachable(
  trx: Trx,
  actorId: string,
  { userIds, organizationId }: { userIds: readonly string[]; organizationId: string | null },
): Promise<string[]> {
  const isInOrganization = organizationId ? sql`users.organization_id = ${organizationId}::uuid` : sql`true`
  const { rows } = await sql<{ id: string }>`
    select given.id from unnest(${userIds}::uuid[]) as given (id)
    where not exists (
      select from users where users.id = given.id and ${isInOrganization} and ${isReachableSql(actorId)}
    )`.execute(trx)
  return rows.map(({ id }) => id)
}
