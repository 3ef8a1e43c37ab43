import { DomainError } from '@muster/errors'
import type { Deps } from '../../deps.ts'
import { cursorPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { toUserSummary } from '../accounts/user-summary.ts'
import * as queries from './admin-organizations.queries.ts'
import type { AdminOrganization, AdminOrganizationDetail, OrganizationQuery } from './admin-organizations.schema.ts'
import { assertPermission, auditActor, type Principal } from './principal.ts'

type OrganizationDeps = Pick<Deps, 'db' | 'transact' | 'clock' | 'config'>

/** How many client_admins of an organization are shown. */
const adminsShown = 20

/** Lists a page of organizations, the newest first, and audits which ones were shown, but not the search text. */
export async function listOrganizations(
  { reads, transact, clock }: Pick<OrganizationDeps, 'transact' | 'clock'> & { reads: Reads },
  principal: Principal,
  query: OrganizationQuery,
) {
  assertPermission(principal, 'organization.list')
  const { limit, q } = query
  const page = { limit: limit + 1, now: clock.now() }
  const rows = await reads.read((db) => queries.listOrganizations(db, query, page), 'bySession')
  const shown = rows.slice(0, limit)
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.organizations_listed',
      targetType: 'organizations',
      targetId: 'list',
      after: { filters: { isSearch: q !== undefined }, organizationIds: shown.map(({ id }) => id) },
      ...auditActor(principal),
    }),
  )
  const nextCursor = rows.length > limit ? (shown.at(-1)?.id ?? null) : null
  return { organizations: shown.map(toOrganization), pagination: cursorPage({ limit, nextCursor }) }
}

/** Reads one organization and audits it. @throws DomainError NOT_FOUND */
export async function readOrganization(
  { db, transact, clock, config }: OrganizationDeps,
  principal: Principal,
  organizationId: string,
): Promise<AdminOrganizationDetail> {
  assertPermission(principal, 'organization.list')
  const [row, admins] = await Promise.all([
    queries.findOrganization(db, organizationId, clock.now()),
    queries.listAdmins(db, organizationId, adminsShown),
  ])
  if (!row) throw new DomainError('NOT_FOUND')
  await transact(async ({ audit }) =>
    audit({
      action: 'admin.organization_read',
      targetType: 'organization',
      targetId: organizationId,
      ...auditActor(principal),
    }),
  )
  return {
    ...toOrganization(row),
    quotaBytes: config.storageQuotaBytes,
    fileCount: row.files,
    taskCount: row.tasks,
    inactiveMembers: row.inactive,
    membersLackingFactor: row.lacking,
    admins: admins.map(toUserSummary),
  }
}

const toOrganization = (row: queries.OrganizationRow): AdminOrganization => ({
  id: row.id,
  name: row.name,
  isPersonal: row.is_personal,
  twoFactorMethod: row.two_factor_method as AdminOrganization['twoFactorMethod'],
  memberCount: row.members,
  usedBytes: row.used_bytes,
  openInvitations: row.open_invitations,
  createdAt: row.created_at.toISOString(),
})
