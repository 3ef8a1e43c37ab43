import type { Db, Trx } from '@muster/db'
import type { UserSummary } from '@muster/realtime/shapes'
import { type RawBuilder, sql } from 'kysely'
import { avatarUrlOf } from './avatar-url.ts'

/** The columns of a user from which {@link toUserSummary} makes a summary. */
export type UserSummaryRow = { id: string; username: string; name: string; avatar_key: string | null }

/**
 * SQL: the user with this id as a {@link UserSummaryRow} in JSON, null when there is none. A user made anonymous has the name
 * that anonymisation gave them.
 * @param id an expression, for example `sql.ref('tasks.owner_id')`
 */
export const userSummarySql = (id: RawBuilder<unknown>): RawBuilder<UserSummaryRow | null> => sql`(
  select json_build_object(
    'id', named.id, 'username', named.username, 'name', named.name, 'avatar_key', named.avatar_key
  ) from users named where named.id = ${id}
)`

/**
 * Converts a row to the name that is shown beside an id. The caller decides who may know the id.
 */
export const toUserSummary = (row: UserSummaryRow): UserSummary => ({
  id: row.id,
  username: row.username,
  name: row.name,
  avatarUrl: avatarUrlOf(row),
})

/** Reads the summaries of these users, by their ids. Ids without a user are left out; those made anonymous are included. */
export async function findUserSummaries(db: Db | Trx, ids: readonly string[]): Promise<Map<string, UserSummary>> {
  const distinct = [...new Set(ids)]
  if (distinct.length === 0) return new Map()
  const { rows } = await sql<UserSummaryRow>`
    select id, username, name, avatar_key from users where id = any(${distinct}::uuid[])`.execute(db)
  return new Map(rows.map((row) => [row.id, toUserSummary(row)]))
}
