import type { Database, Trx } from '@muster/db'
import { type Insertable, sql } from 'kysely'
import type { Role } from '../../plugins/actor.ts'
import { isAround } from '../users/visibility.ts'

/** Somebody to tell, and where they want to be told; see the preferences for what is usual. */
export type ToTell = { id: string; wants_in_app: boolean; wants_email: boolean }

/** Who invited, the client_admins of the organization, and people of these roles of the platform; each once. */
export async function listToTell(
  trx: Trx,
  to: { inviterId: string; organizationId: string | null; platformRoles: readonly Role[]; exceptId: string },
): Promise<ToTell[]> {
  const { rows } = await sql<ToTell>`
    with concerned as (
      select ${to.inviterId}::uuid as id
      union select id from users where organization_id = ${to.organizationId}::uuid and role = 'client_admin'
      union select id from users
        where role in ('super_admin', 'site_admin', 'operator') and role = any(${to.platformRoles}::text[])
    )
    select users.id,
      settings #>> '{notifications,invite,inApp}' is distinct from 'false' as wants_in_app,
      settings #>> '{notifications,invite,email}' is distinct from 'false' as wants_email
    from concerned
    join users using (id)
    left join user_preferences on user_preferences.user_id = users.id
    where users.id <> ${to.exceptId}::uuid and ${isAround}
    order by users.id`.execute(trx)
  return rows
}

export async function insertNotifications(trx: Trx, rows: Insertable<Database['notifications']>[]): Promise<void> {
  await trx.insertInto('notifications').values(rows).execute()
}
