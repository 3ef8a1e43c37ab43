import type { Db } from '@muster/db'
import { activeUserSql, lacksRequiredFactorSql } from '@muster/policy'
import { type RawBuilder, sql } from 'kysely'
import { containsFolded, countFound, manyFound } from '../../sql/contains.ts'
import type { UserSummaryRow } from '../accounts/user-summary.ts'
import type { OrganizationQuery } from './admin-organizations.schema.ts'

export type OrganizationRow = {
  id: string
  name: string
  is_personal: boolean
  two_factor_method: string
  created_at: Date
  members: number
  used_bytes: number
  open_invitations: number
}

export type DetailRow = OrganizationRow & { files: number; tasks: number; inactive: number; lacking: number }

/** Counting tasks stops above this. */
const maxCounted = 10_000

const members = sql`from users where users.organization_id = organizations.id and users.anonymised_at is null`
const invitations = (now: Date) => sql`
  select count(*)::int from invites
  where invites.organization_id = organizations.id and invites.status = 'pending' and invites.expires_at > ${now}`

/**
 * Reads a page of organizations, the newest first. Counts are made for the rows of the page alone. Of a search that finds few, all are found
 * first: `offset 0` keeps Postgres from reading all organizations in the order of the page, in the hope that it is soon full.
 */
export async function listOrganizations(
  db: Db,
  query: OrganizationQuery,
  { limit, now }: { limit: number; now: Date },
): Promise<OrganizationRow[]> {
  const matching = sql`organizations where ${matches(query)}`
  const isOfFew = query.q !== undefined && (await countFound(db, matching)) <= manyFound
  const found = isOfFew ? sql`(select * from ${matching} offset 0) as found` : matching
  const { rows } = await sql<OrganizationRow>`
    select organizations.*, (select count(*)::int ${members}) as members, (${invitations(now)}) as open_invitations,
      (select coalesce(sum(size_bytes), 0)::bigint from attachments
        where attachments.organization_id = organizations.id) as used_bytes
    from (
      select id, name, is_personal, two_factor_method, created_at from ${found} order by id desc limit ${limit}
    ) organizations
    order by organizations.id desc`.execute(db)
  return rows
}

function matches({ q, isPersonal, cursor }: OrganizationQuery): RawBuilder<unknown> {
  const conditions = [
    ...(q === undefined ? [] : [containsFolded(sql`name`, q)]),
    ...(isPersonal === undefined ? [] : [sql`is_personal = ${isPersonal}`]),
    ...(cursor === undefined ? [] : [sql`id < ${cursor}::uuid`]),
  ]
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
}

/** Reads one organization with its counts; undefined when there is none. */
export async function findOrganization(db: Db, id: string, now: Date): Promise<DetailRow | undefined> {
  const { rows } = await sql<DetailRow>`
    select id, name, is_personal, two_factor_method, created_at, (${invitations(now)}) as open_invitations,
      people.members, people.inactive, people.lacking, stored.used_bytes, stored.files,
      (select count(*)::int from (
        select from tasks where tasks.organization_id = ${id}::uuid limit ${sql.lit(maxCounted + 1)}
      ) counted) as tasks
    from organizations,
      lateral (
        select count(*)::int as members, count(*) filter (where not ${activeUserSql})::int as inactive,
          count(*) filter (where ${lacksRequiredFactorSql})::int as lacking ${members}
      ) people,
      lateral (
        select coalesce(sum(size_bytes), 0)::bigint as used_bytes, count(*)::int as files from attachments
        where attachments.organization_id = ${id}::uuid
      ) stored
    where organizations.id = ${id}::uuid`.execute(db)
  return rows[0]
}

/** Reads the client_admins of an organization, those who were created first. */
export async function listAdmins(db: Db, organizationId: string, limit: number): Promise<UserSummaryRow[]> {
  const { rows } = await sql<UserSummaryRow>`
    select id, username, name, avatar_key from users
    where organization_id = ${organizationId}::uuid and role = 'client_admin' and anonymised_at is null
    order by id limit ${sql.lit(limit)}`.execute(db)
  return rows
}
