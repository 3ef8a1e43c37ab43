import type { Trx } from '@muster/db'
import type { Role } from '@muster/policy'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { UserRow } from '../accounts/accounts.queries.ts'

/**
 * Locks organizations until the transaction ends, in the order of their ids: their people come, change and leave one
 * after another. People are locked before. Rows that refer to the organizations can still be written.
 */
export async function lockOrganizations(trx: Trx, ids: readonly (string | null)[]): Promise<void> {
  const wanted = ids.filter((id) => id !== null)
  if (wanted.length === 0) return
  await sql`
    select from organizations where id = any(${wanted}::uuid[]) order by id for no key update`.execute(trx)
}

/** The members of a person's organization but for them; of the admins those that will stay. */
export async function countOthers(
  trx: Trx,
  { id, organization_id }: Pick<UserRow, 'id' | 'organization_id'>,
): Promise<{ members: number; admins: number }> {
  const { rows } = await sql<{ members: number; admins: number }>`
    select count(*)::int as members,
      count(*) filter (where role = 'client_admin' and ${activeUserSql})::int as admins
    from users where organization_id = ${organization_id} and id <> ${id} and anonymised_at is null`.execute(trx)
  return rows[0] as { members: number; admins: number }
}

export function setMembership(
  trx: Trx,
  userId: string,
  { role, organizationId }: { role: Role; organizationId: string | null },
  now: Date,
) {
  return trx
    .updateTable('users')
    .set({ role, organization_id: organizationId, version: sql`version + 1`, updated_at: now })
    .where('id', '=', userId)
    .execute()
}
