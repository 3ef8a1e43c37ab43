import type { Member } from '@muster/client'
import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'
import type { NumberedList } from '../../lib/numbered-pages.ts'

export type MemberFilters = Omit<NonNullable<Parameters<typeof muster.organization.members>[0]>, 'page' | 'limit'>

/** The members of the user's organization who match the filters, by name. */
export const membersList = (filters: MemberFilters): NumberedList<Member> => ({
  queryKey: ['members', 'list', filters],
  read: (query, options) => muster.organization.members({ ...filters, ...query }, options),
})

/** The first members who match the filters, and how many do. */
export const firstMembersQuery = (filters: MemberFilters, limit: number) =>
  queryOptions({
    queryKey: ['members', 'first', filters, limit],
    async queryFn({ signal }) {
      const { items, pagination } = await muster.organization.members({ ...filters, limit }, { signal })
      return { items, total: pagination.total ?? items.length }
    },
  })
