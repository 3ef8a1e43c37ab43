import type { Db } from '@muster/db'
import { partOfEmailAddress } from '@muster/identifiers'
import { type RawBuilder, sql } from 'kysely'
import { lowerAscii } from '../../sql/collation.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { isFoundBy } from '../accounts/user-search.ts'
import type { UserQuery } from './admin-users.schema.ts'

type Filters = Pick<UserQuery, 'q' | 'role' | 'isActive' | 'organizationId'>

/** Counting stops above this. */
const maxCounted = 10_000

/** Reads a page of users: first the one with exactly this username or e-mail, then the newest. Leaves out users made anonymous. */
export async function listUsers(
  db: Db,
  filters: Filters,
  { offset, count }: { offset: number; count: number },
): Promise<UserRow[]> {
  const { q } = filters
  const exact = q === undefined ? sql`` : sql`(username = ${lowerAscii(q)} or email = ${partOfEmailAddress(q)}) desc,`
  const { rows } = await sql<UserRow>`
    select * from users where ${matches(filters)} order by ${exact} id desc limit ${count} offset ${offset}`.execute(db)
  return rows
}

/** Counts the users that match the filters. 10,001 means more than 10,000. */
export async function countUsers(db: Db, filters: Filters): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from (
      select from users where ${matches(filters)} limit ${maxCounted + 1}
    ) counted`.execute(db)
  return rows[0]?.total ?? 0
}

function matches({ q, role, isActive, organizationId }: Filters): RawBuilder<unknown> {
  const parts = [
    sql`anonymised_at is null`,
    role && sql`role = ${role}`,
    isActive !== undefined && sql`is_active = ${isActive}`,
    organizationId !== undefined && sql`organization_id = ${organizationId}::uuid`,
    q && isFoundBy(q),
  ].filter((part) => part !== undefined && part !== false && part !== '')
  return sql.join(parts, sql` and `)
}
