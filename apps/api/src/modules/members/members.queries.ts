import type { Db } from '@muster/db'
import { lacksFactorSql, lacksRequiredFactorSql } from '@muster/policy'
import { sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { alphabetical } from '../../sql/collation.ts'
import { isFoundBy } from '../accounts/user-search.ts'
import { fullUnlessHidden, isUnblocked, type PublicUserRow, publicUserColumns } from '../accounts/user-visibility.ts'
import { isMemberOf } from '../organizations/member-of.ts'
import type { MembersQuery } from './members.schema.ts'

export type MemberRow = PublicUserRow & { role: string; email: string; is_active: boolean; lacks_factor: boolean }
type Member = Actor & { organizationId: string }

/** Hides the presence of members who hide it, and between two members of whom one has blocked the other. */
const memberColumns = ({ userId }: Actor) => sql`
  ${publicUserColumns}, users.role, users.email, users.is_active, ${lacksRequired} as lacks_factor,
  case when users.id = ${userId}::uuid then 'full' when ${isUnblocked(userId)} then ${fullUnlessHidden} else 'profile' end
    as visibility`

/** By the organization of the row, which is the actor's. */
const lacksRequired = sql<boolean>`exists (
  select from organizations where organizations.id = users.organization_id and ${lacksRequiredFactorSql}
)`

export type MemberFilters = Omit<MembersQuery, 'page' | 'limit'>

/** Matches members by the filters that are given. */
const matches = ({ q, role, lacksRequiredFactor, lacksFactor }: MemberFilters) => {
  const conditions = [
    ...(q === undefined ? [] : [isFoundBy(q)]),
    ...(role === undefined ? [] : [sql<boolean>`users.role = ${role}`]),
    ...(lacksRequiredFactor === undefined ? [] : [sql<boolean>`${lacksRequired} = ${lacksRequiredFactor}`]),
    ...(lacksFactor === undefined ? [] : [lacksFactorSql(lacksFactor)]),
  ]
  return conditions.length === 0 ? sql<boolean>`true` : sql.join<boolean>(conditions, sql` and `)
}

/** Counts the members of the actor's organization who match the filters. */
export async function countFound(db: Db, { organizationId }: Member, filters: MemberFilters): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from users where ${isMemberOf(organizationId)} and ${matches(filters)}`.execute(db)
  return rows[0]?.total ?? 0
}

/** Reads a page of the members of the actor's organization, by name. */
export async function listMembers(
  db: Db,
  actor: Member,
  { limit, offset, ...filters }: MemberFilters & { limit: number; offset: number },
): Promise<MemberRow[]> {
  const { rows } = await sql<MemberRow>`
    select ${memberColumns(actor)} from users where ${isMemberOf(actor.organizationId)} and ${matches(filters)}
    order by ${alphabetical(sql`users.name`)}, users.id limit ${limit} offset ${offset}`.execute(db)
  return rows
}

/** Reads those of these users who are members of the actor's organization, in the same order. */
export async function findMembers(db: Db, actor: Member, users: readonly { id: string }[]): Promise<MemberRow[]> {
  const ids = users.map(({ id }) => id)
  const { rows } = await sql<MemberRow>`
    select ${memberColumns(actor)} from users
    where users.id = any(${ids}::uuid[]) and ${isMemberOf(actor.organizationId)} order by array_position(${ids}::uuid[], users.id)`.execute(
    db,
  )
  return rows
}

/** Reads a member of the actor's organization. */
export async function findMember(db: Db, actor: Member, userId: string): Promise<MemberRow | undefined> {
  const { rows } = await sql<MemberRow>`
    select ${memberColumns(actor)} from users
    where users.id = ${userId}::uuid and ${isMemberOf(actor.organizationId)}`.execute(db)
  return rows[0]
}
