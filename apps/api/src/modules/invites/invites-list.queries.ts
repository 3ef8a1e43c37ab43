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

export type InvitePage = { limit: number; offset: number }

/** Counting ends one beyond it. */
const countUpTo = 10_000

export async function listInvites(db: Db, filter: InviteFilter, page: InvitePage): Promise<InviteRow[]> {
  return (await invitePage(filter, page).execute(db)).rows
}

/** How many there are: exact up to 10,000, then 10,001 stands for more. */
export async function countInvites(db: Db, filter: InviteFilter): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from (
      select from (${found(filter, countUpTo + 1)}) as found limit ${countUpTo + 1}
    ) as counted`.execute(db)
  return rows[0]?.total ?? 0
}

/** A page, the newest first. */
export function invitePage(filter: InviteFilter, { limit, offset }: InvitePage): RawBuilder<InviteRow> {
  const ids = sql`
    select id from (${found(filter, offset + limit)}) as found
    order by id desc limit ${limit} offset ${offset}`
  return sql<InviteRow>`${selectWhere(sql`invites.id in (${ids})`)} order by invites.id desc`
}

/**
 * One SELECT for each way to have the status. The order, needless for who only counts, has Postgres read an index, and no
 * more of it than is asked for, wherever in the table the rows lie.
 */
function found({ inviterId, status, now }: InviteFilter, limit: number): RawBuilder<unknown> {
  const isSent = inviterId === undefined ? sql`true` : sql`inviter_id = ${inviterId}`
  const selects = waysToBe(status, now).map(
    (those) => sql`(select id from ${those} and ${isSent} order by id desc limit ${limit})`,
  )
  return sql.join(selects, sql` union all `)
}

/**
 * One that ran out is written as expired by the nightly sweep; until then its term tells. Those are few: `offset 0` has
 * Postgres look for them by their term, instead of walking through all that are open, and `is true` keeps it from
 * collecting by their term the many that did not run out.
 */
function waysToBe(status: InviteStatus | undefined, now: Date): RawBuilder<unknown>[] {
  switch (status) {
    case undefined:
      return [sql`invites where true`]
    case 'pending':
      return [sql`invites where status = 'pending' and (expires_at > ${now}) is true`]
    case 'expired':
      return [
        sql`invites where status = 'expired'`,
        sql`(
          select id, inviter_id from invites where status = 'pending' and expires_at <= ${now} offset 0
        ) as run_out where true`,
      ]
    default:
      return [sql`invites where status = ${status}`]
  }
}
