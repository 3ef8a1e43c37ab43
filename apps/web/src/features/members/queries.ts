import type { Member } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import type { NumberedList } from '../../lib/numbered-pages.ts'

export type MemberFilters = Omit<NonNullable<Parameters<typeof muster.organization.members>[0]>, 'page' | 'limit'>

/** The members of the user's organization who match the filters, by name. */
export const membersList = (filters: MemberFilters): NumberedList<Member> => ({
  queryKey: ['members', 'list', filters],
  read: (query, options) => muster.organization.members({ ...filters, ...query }, options),
})
