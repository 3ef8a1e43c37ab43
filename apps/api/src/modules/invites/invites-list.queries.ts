import type { Db } from '@muster/db'
import { partOfEmailAddress } from '@muster/identifiers'
import { type RawBuilder, sql } from 'kysely'
import { contains } from '../../sql/contains.ts'
import { type InviteRow, selectWhere } from './invites.queries.ts'
import type { InviteStatus } from './invites.schema.ts'

export type InviteFilter = {
  /** Only the invitations of this inviter. */
  inviterId: string | undefined
  status: InviteStatus | undefined
  /** A part of the invited address. */
  q?: string | undefined
  /** Only the invitations into this organization. */
  organizationId?: string | undefined
  now: Date
}

export type InvitePage = { limit: number; offset: number }

/** The count stops one above this number. */
const countUpTo = 10_000

/** Lists a page of invitations, the newest first. */
export async function listInvites(db: Db, filter: InviteFilter, page: InvitePage): Promise<InviteRow[]> {
  return (await invitePage(filter, page).execute(db)).rows
}

/** Counts the invitations: exactly up to 10,000; 10,001 means more. */
export async function countInvites(db: Db, filter: InviteFilter): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from (
      select from (${found(filter, countUpTo + 1)}) as found limit ${countUpTo + 1}
    ) as counted`.execute(db)
  return rows[0]?.total ?? 0
}

/** Builds the query of {@link listInvites}. */
export function invitePage(filter: InviteFilter, { limit, offset }: InvitePage): RawBuilder<InviteRow> {
  const ids = sql`
    select id from (${found(filter, offset + limit)}) as found
    order by id desc limit ${limit} offset ${offset}`
  return sql<InviteRow>`${selectWhere(sql`invites.id in (${ids})`)} order by invites.id desc`
}

/**
 * Builds one SELECT for each condition that means the status. The order, which a count does not need, makes Postgres read
 * an index, and only as much of it as `limit` needs, independently of the order of rows in the table.
 */
function found({ inviterId, status, q, organizationId, now }: InviteFilter, limit: number): RawBuilder<unknown> {
  const conditions = [
    ...(inviterId === undefined ? [] : [sql`inviter_id = ${inviterId}`]),
    ...(q === undefined ? [] : [contains(sql`email`, partOfEmailAddress(q))]),
    ...(organizationId === undefined ? [] : [sql`organization_id = ${organizationId}::uuid`]),
  ]
  const isFound = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
  const selects = conditionsOf(status, now).map(
    (condition) => sql`(select id from ${condition} and ${isFound} order by id desc limit ${limit})`,
  )
  return sql.join(selects, sql` union all `)
}

/**
 * Returns the conditions that mean the status. The nightly sweep writes `expired`; until then `expires_at` decides. Those
 * rows are few: `offset 0` makes Postgres find them by the index on `expires_at`, instead of reading all pending ones, and
 * `is true` keeps it from using that index for the many that have not expired.
 */
function conditionsOf(status: InviteStatus | undefined, now: Date): RawBuilder<unknown>[] {
  switch (status) {
    case undefined:
      return [sql`invites where true`]
    case 'pending':
      return [sql`invites where status = 'pending' and (expires_at > ${now}) is true`]
    case 'expired':
      return [
        sql`invites where status = 'expired'`,
        sql`(
          select id, inviter_id, organization_id, email from invites where status = 'pending' and expires_at <= ${now} offset 0
        ) as run_out where true`,
      ]
    default:
      return [sql`invites where status = ${status}`]
  }
}
