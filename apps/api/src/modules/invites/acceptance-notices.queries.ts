import type { Trx } from '@muster/db'
import { activeUserSql, type Role } from '@muster/policy'
import { sql } from 'kysely'

/**
 * Lists the active users to notify: the inviter, the client_admins of the organization and the users with these platform
 * roles; each once.
 */
export async function listRecipients(
  trx: Trx,
  to: { inviterId: string; organizationId: string | null; platformRoles: readonly Role[]; exceptId: string },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with candidates as (
      select ${to.inviterId}::uuid as id
      union select id from users where organization_id = ${to.organizationId}::uuid and role = 'client_admin'
      union select id from users
        where role in ('super_admin', 'site_admin', 'operator') and role = any(${to.platformRoles}::text[])
    )
    select users.id from candidates join users using (id)
    where users.id <> ${to.exceptId}::uuid and ${activeUserSql}
    order by users.id`.execute(trx)
  return rows.map(({ id }) => id)
}
