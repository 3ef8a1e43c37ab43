import type { Db } from '@muster/db'
import { lowerCaseAscii, partOfEmailAddress } from '@muster/identifiers'
import { type RawBuilder, sql } from 'kysely'
import { countFound, manyFound } from '../../sql/contains.ts'
import type { UserRow } from '../accounts/accounts.service.ts'
import { isFoundBy } from '../accounts/user-search.ts'
import type { UserQuery } from './admin-users.schema.ts'

type Filters = Pick<UserQuery, 'q' | 'role' | 'isActive' | 'organizationId'>

type Page = { offset: number; count: number }

/** Reads a page of users, the newest first. Leaves out users made anonymous. */
export async function listUsers(db: Db, filters: Filters, { offset, count }: Page): Promise<UserRow[]> {
  const { rows } = await sql<UserRow>`
    select * from users where ${matches(filters)} order by id desc limit ${count} offset ${offset}`.execute(db)
  return rows
}

/**
 * Reads a page of the users whom a search finds: first the one with exactly this username or e-mail, then the newest. Counts them as
 * {@link countUsers} does.
 */
export async function searchUsers(
  db: Db,
  filters: Filters & { q: string },
  page: Page,
): Promise<{ rows: UserRow[]; total: number }> {
  const total = await countUsers(db, filters)
  if (total === 0) return { rows: [], total }
  const found = total > manyFound ? amongMany(filters, page) : amongFew(filters)
  const { rows } = await sql<UserRow>`
    select users.* from users join (
      select id, is_exact from (${found}) as found
      order by is_exact desc, id desc limit ${page.count} offset ${page.offset}
    ) as page using (id) order by is_exact desc, id desc`.execute(db)
  return { rows, total }
}

const isExact = ({ q }: { q: string }) => sql`(username = ${lowerCaseAscii(q)} or email = ${partOfEmailAddress(q)})`

/** `offset 0` keeps Postgres from reading all users in the order of the page, in the hope that it is soon full. */
const amongFew = (filters: Filters & { q: string }) =>
  sql`select id, ${isExact(filters)} as is_exact from users where ${matches(filters)} offset 0`

/** The exact match is looked up by itself: sorted together with it, all others would be read too. */
function amongMany(filters: Filters & { q: string }, { offset, count }: Page): RawBuilder<unknown> {
  const newest = (condition: RawBuilder<unknown>) => sql`(
    select id from users where ${matches(filters)} and ${condition} order by id desc limit ${offset + count}
  )`
  return sql`
    select id, true as is_exact from ${newest(isExact(filters))} as exact
    union all select id, false from ${newest(sql`not ${isExact(filters)}`)} as others`
}

/** Counts the users that match the filters. 10,001 means more than 10,000. */
export const countUsers = (db: Db, filters: Filters): Promise<number> =>
  countFound(db, sql`users where ${matches(filters)}`)

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
