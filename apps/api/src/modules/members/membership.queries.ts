import type { Trx } from '@muster/db'
import { activeUserSql } from '@muster/policy'
import { sql } from 'kysely'
import type { UserRow } from '../accounts/accounts.service.ts'

/**
 * Locks these organizations until the transaction ends, in the order of their ids, which serializes all changes of their
 * memberships. Users are locked before. Rows that refer to the organizations can still be written.
 */
export async function lockOrganizations(trx: Trx, ids: readonly (string | null)[]): Promise<void> {
  const wanted = ids.filter((id) => id !== null)
  if (wanted.length === 0) return
  await sql`
    select from organizations where id = any(${wanted}::uuid[]) order by id for no key update`.execute(trx)
}

/** Counts the other members of the user's organization, and the active admins among them. */
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
