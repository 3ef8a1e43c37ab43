import type { AdminUser } from '@muster/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { NumberedList } from '../../lib/numbered-pages.ts'
import { operator } from '../../lib/operator.ts'

type UserFilters = Omit<NonNullable<Parameters<typeof operator.admin.users>[0]>, 'page' | 'limit'>
type Consequences = Parameters<typeof operator.admin.userConsequences>[1]

/** The users who match the filters. Each page that is read is in the audit log. */
export const usersList = (filters: UserFilters): NumberedList<AdminUser> => ({
  queryKey: ['admin-users', 'list', filters],
  read: (query, options) => operator.admin.users({ ...filters, ...query }, options),
})

export const userQuery = (userId: string) =>
  queryOptions({
    queryKey: ['admin-users', 'one', userId],
    queryFn: ({ signal }) => operator.admin.user(userId, { signal }),
    retry: false,
  })

export const userSessionsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['admin-users', 'sessions', userId],
    queryFn: ({ signal }) => operator.admin.userSessions(userId, { signal }),
  })

export const userFactorsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['admin-users', 'factors', userId],
    queryFn: ({ signal }) => operator.admin.userFactors(userId, { signal }),
  })

/** What an action would do, counted anew whenever somebody asks. */
export const consequencesQuery = (userId: string, query: Consequences) =>
  queryOptions({
    queryKey: ['admin-users', 'consequences', userId, query],
    queryFn: ({ signal }) => operator.admin.userConsequences(userId, query, { signal }),
    staleTime: 0,
    gcTime: 0,
  })

const pageSize = 25

/** The mails to an address, the newest first. */
export const userMailsQuery = (email: string) =>
  infiniteQueryOptions({
    queryKey: ['admin-users', 'mails', email],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }) {
      const cursor = pageParam === undefined ? {} : { cursor: pageParam }
      const { items, pagination } = await operator.admin.emails({ to: email, limit: pageSize, ...cursor }, { signal })
      return { items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })

/** The audit log of a person, the newest first: what was done to them, or what they did. */
export const userLogQuery = (userId: string, side: 'to' | 'by') =>
  infiniteQueryOptions({
    queryKey: ['admin-users', 'log', userId, side],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }) {
      const filters = side === 'to' ? { targetType: 'user', targetId: userId } : { actorId: userId }
      const cursor = pageParam === undefined ? {} : { cursor: pageParam }
      const { items, pagination } = await operator.admin.auditEvents(
        { ...filters, limit: pageSize, ...cursor },
        { signal },
      )
      return { items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
