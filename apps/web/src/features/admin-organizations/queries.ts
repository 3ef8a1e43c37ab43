import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'
import type { OrganizationsSearch } from './search.ts'

const pageSize = 50

/** The organizations that a search finds, the newest first. Each page that is read is in the audit log. */
export const organizationsQuery = ({ q, kind }: OrganizationsSearch) =>
  infiniteQueryOptions({
    queryKey: ['admin-organizations', 'list', { q, kind }],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }) {
      const filters = {
        ...(q && { q }),
        ...(kind && { isPersonal: kind === 'personal' }),
        ...(pageParam !== undefined && { cursor: pageParam }),
      }
      const { items, pagination } = await operator.admin.organizations({ ...filters, limit: pageSize }, { signal })
      return { items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })

export const anyOrganizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['admin-organizations', 'one', organizationId],
    queryFn: ({ signal }) => operator.admin.organization(organizationId, { signal }),
    retry: false,
  })
