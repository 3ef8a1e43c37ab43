import type { Db } from '@muster/db'
import { sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { alphabetical } from '../../sql/collation.ts'
import { isFoundBy } from '../accounts/user-search.ts'
import { fullUnlessHidden, isUnblocked, type PublicUserRow, publicUserColumns } from '../accounts/user-visibility.ts'
import { isMemberOf } from '../organizations/member-of.ts'

export type MemberRow = PublicUserRow & { role: string; email: string; is_active: boolean }
type Member = Actor & { organizationId: string }

/** Hides the presence of members who hide it, and between two members of whom one has blocked the other. */
const memberColumns = ({ userId }: Actor) => sql`
  ${publicUserColumns}, users.role, users.email, users.is_active,
  case when users.id = ${userId}::uuid then 'full' when ${isUnblocked(userId)} then ${fullUnlessHidden} else 'profile' end
    as visibility`

/** Matches every user without a text, else those who can be found by it. */
const hasText = (q: string | undefined) => (q === undefined ? sql`true` : isFoundBy(q))

/** Counts the members of the actor's organization who can be found by the text. */
export async function countFound(db: Db, { organizationId }: Member, q: string): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from users where ${isMemberOf(organizationId)} and ${isFoundBy(q)}`.execute(db)
  return rows[0]?.total ?? 0
}

/** Reads a page of the members of the actor's organization, by name. */
export async function listMembers(
  db: Db,
  actor: Member,
  { q, limit, offset }: { q: string | undefined; limit: number; offset: number },
): Promise<MemberRow[]> {
  const { rows } = await sql<MemberRow>`
    select ${memberColumns(actor)} from users where ${isMemberOf(actor.organizationId)} and ${hasText(q)}
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
