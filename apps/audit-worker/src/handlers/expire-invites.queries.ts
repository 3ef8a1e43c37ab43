import type { Trx } from '@muster/db'
import { sql } from 'kysely'

export type Expired = { id: string; inviterId: string }

/** Expires overdue invitations; skips rows that another transaction has locked. @returns fewer than `limit` when there are no more */
export async function expireSome(trx: Trx, limit: number, now: Date): Promise<Expired[]> {
  const { rows } = await sql<Expired>`
    update invites set status = 'expired', updated_at = ${now}
    where id = any(array(
      select id from invites where status = 'pending' and expires_at <= ${now}
      order by expires_at limit ${limit} for update skip locked
    ))
    returning id, inviter_id as "inviterId"`.execute(trx)
  return rows
}
