import type { Trx } from '@muster/db'
import { sql } from 'kysely'

/** Expires overdue invitations; skips rows that another transaction has locked. @returns their ids; fewer than `limit` when there are no more */
export async function expireSome(trx: Trx, limit: number, now: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update invites set status = 'expired', updated_at = ${now}
    where id = any(array(
      select id from invites where status = 'pending' and expires_at <= ${now}
      order by expires_at limit ${limit} for update skip locked
    ))
    returning id`.execute(trx)
  return rows.map(({ id }) => id)
}
