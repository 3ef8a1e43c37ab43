import type { Db } from '@muster/db'
import { type RawBuilder, sql } from 'kysely'
import { type InviteRow, selectWhere } from './invites.queries.ts'
import type { InviteStatus } from './invites.schema.ts'

export type InviteFilter = {
  /** Only those that this person sent. */
  inviterId: string | undefined
  status: InviteStatus | undefined
  now: Date
}

/** Counting ends one beyond it. */
const countUpTo = 10_000

/** A page, the newest first. */
export async function listInvites(
  db: Db,
  filter: InviteFilter,
  { limit, offset }: { limit: number; offset: number },
): Promise<InviteRow[]> {
  const ids = sql`
    select id from (${found(filter, offset + limit)}) as found
    order by id desc limit ${limit} offset ${offset}`
  const { rows } = await sql<InviteRow>`${selectWhere(sql`invites.id in (${ids})`)} order by invites.id desc`.execute(
    db,
  )
  return rows
}

/** How many there are: exact up to 10,000, then 10,001 stands for more. */
export async function countInvites(db: Db, filter: InviteFilter): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from (
      select from (${found(filter, countUpTo + 1)}) as found limit ${countUpTo + 1}
    ) as counted`.execute(db)
  return rows[0]?.total ?? 0
}

/**
 * One SELECT for each way to have the status. The order, needless for who only counts, has Postgres read an index, and no
 * more of it than is asked for, wherever in the table the rows lie.
 */
function found({ inviterId, status, now }: InviteFilter, limit: number): RawBuilder<unknown> {
  const isSent = inviterId === undefined ? sql`true` : sql`inviter_id = ${inviterId}`
  const selects = waysToBe(status, now).map(
    (isSo) => sql`(select id from invites where ${isSent} and ${isSo} order by id desc limit ${limit})`,
  )
  return sql.join(selects, sql` union all `)
}

/** One that ran out is written as expired by the nightly sweep; until then its term tells. */
function waysToBe(status: InviteStatus | undefined, now: Date): RawBuilder<unknown>[] {
  switch (status) {
    case undefined:
      return [sql`true`]
    case 'pending':
      return [sql`status = 'pending' and expires_at > ${now}`]
    case 'expired':
      return [sql`status = 'expired'`, sql`status = 'pending' and expires_at <= ${now}`]
    default:
      return [sql`status = ${status}`]
  }
}
