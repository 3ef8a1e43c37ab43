import type { Database, Db, Trx } from '@muster/db'
import { type Insertable, type Selectable, sql } from 'kysely'
import { isMemberOf } from './member-of.ts'

export type OrganizationRow = Selectable<Database['organizations']>

export async function insertOrganization(trx: Trx, row: Insertable<Database['organizations']>): Promise<void> {
  await trx.insertInto('organizations').values(row).execute()
}

export function findOrganization(db: Db, id: string): Promise<OrganizationRow | undefined> {
  return db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Reads the names of these organizations, by their ids. */
export async function findOrganizationNames(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from organizations where id = any(${[...new Set(ids)]}::uuid[])`.execute(db)
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** Reads the organization and locks the row until the transaction ends. Rows that refer to it can still be written. */
export function lockOrganization(trx: Trx, id: string): Promise<OrganizationRow | undefined> {
  return trx.selectFrom('organizations').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst()
}

export function updateOrganization(
  trx: Trx,
  id: string,
  changes: Partial<Pick<OrganizationRow, 'name' | 'two_factor_method'>>,
  now: Date,
): Promise<OrganizationRow> {
  return trx
    .updateTable('organizations')
    .set({ ...changes, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Counts the members of an organization, deactivated ones too. */
export async function countMembers(db: Db, organizationId: string): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from users where ${isMemberOf(organizationId)}`.execute(db)
  return rows[0]?.total ?? 0
}
