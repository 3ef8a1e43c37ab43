import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Actor } from '../../http/actor.ts'
import { inOrder } from '../../sql/text-order.ts'
import { isUnblocked, type PersonRow, personColumns } from '../accounts/people-visibility.ts'

export type OrganizationRow = Selectable<Database['organizations']>
export type MemberRow = PersonRow & { role: string; email: string; is_active: boolean }

export function findOrganization(db: Db, id: string) {
  return db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertOrganization(trx: Trx, row: Insertable<Database['organizations']>): Promise<void> {
  await trx.insertInto('organizations').values(row).execute()
}

/** Locks the row until the transaction ends. Rows that refer to it can still be written. */
export function lockOrganization(trx: Trx, id: string) {
  return trx.selectFrom('organizations').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
}

export function updateOrganization(
  trx: Trx,
  id: string,
  changes: Partial<Pick<OrganizationRow, 'name' | 'two_factor_method'>>,
  now: Date,
) {
  return trx
    .updateTable('organizations')
    .set({ ...changes, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Whoever was made anonymous is nobody's member. */
const isMemberOf = (organizationId: string) =>
  sql<boolean>`users.organization_id = ${organizationId}::uuid and users.anonymised_at is null`

export async function countMembers(db: Db, organizationId: string): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from users where ${isMemberOf(organizationId)}`.execute(db)
  return rows[0]?.total ?? 0
}

/** Who has blocked whom keeps their presence to themselves, and stays a member. */
const memberColumns = ({ userId }: Actor) => sql`
  ${personColumns}, users.role, users.email, users.is_active,
  case when users.id = ${userId}::uuid or ${isUnblocked(userId)} then 'full' else 'profile' end as sight`

/** Members of the actor's organization, by name. */
export async function listMembers(
  db: Db,
  actor: Actor & { organizationId: string },
  { limit, offset }: { limit: number; offset: number },
): Promise<MemberRow[]> {
  const { rows } = await sql<MemberRow>`
    select ${memberColumns(actor)} from users where ${isMemberOf(actor.organizationId)}
    order by ${inOrder(sql`users.name`)}, users.id limit ${limit} offset ${offset}`.execute(db)
  return rows
}

export async function findMember(
  db: Db,
  actor: Actor & { organizationId: string },
  userId: string,
): Promise<MemberRow | undefined> {
  const { rows } = await sql<MemberRow>`
    select ${memberColumns(actor)} from users
    where users.id = ${userId}::uuid and ${isMemberOf(actor.organizationId)}`.execute(db)
  return rows[0]
}
