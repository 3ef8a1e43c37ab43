import type { Trx } from '@muster/db'
import { sql } from 'kysely'
import type { UserRow } from './users.queries.ts'

/** Marks the person as about to leave, or no longer. */
export async function setDeletionRequested(trx: Trx, id: string, at: Date | null, now: Date): Promise<void> {
  await trx
    .updateTable('users')
    .set({ deletion_requested_at: at, version: sql`version + 1`, updated_at: now })
    .where('id', '=', id)
    .execute()
}

/**
 * Whether the organization would be left with members and without a client_admin. Locks the organization until the
 * transaction ends, so that its admins leave one after another. Members who are about to leave count, since they may
 * change their minds; such admins don't, since they may not.
 */
export async function isLastAdmin(trx: Trx, { id, role, organization_id }: UserRow): Promise<boolean> {
  if (role !== 'client_admin' || organization_id === null) return false
  await sql`select from organizations where id = ${organization_id} for update`.execute(trx)
  const { rows } = await sql<{ members: number; admins: number }>`
    select count(*)::int as members,
      count(*) filter (where role = 'client_admin' and is_active and deletion_requested_at is null)::int as admins
    from users where organization_id = ${organization_id} and id <> ${id} and anonymised_at is null`.execute(trx)
  const [others] = rows
  return others !== undefined && others.members > 0 && others.admins === 0
}
