import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'
import { momentsOf } from '../admin/day-range.tsx'
import type { AuditSearch } from './search.ts'

const pageSize = 50

/** Returns the filters of the API for a search. Days begin and end in a zone. */
export function filtersOf({ actorId, action, targetType, targetId, seq, from, to }: AuditSearch, timeZone: string) {
  const range = momentsOf({ from, to }, timeZone)
  return {
    ...(actorId && { actorId }),
    ...(action && { action }),
    ...(targetType && { targetType }),
    ...(targetId && { targetId }),
    ...(seq !== undefined && { seq }),
    ...(range.from && { from: range.from }),
    ...(range.before && { to: range.before }),
  }
}

/** The events of a search, the newest first. */
export const eventsQuery = (search: AuditSearch, timeZone: string) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'events', search, timeZone],
    initialPageParam: undefined as string | undefined,
    async queryFn({ pageParam, signal }) {
      const query = { limit: pageSize, ...filtersOf(search, timeZone), ...(pageParam && { cursor: pageParam }) }
      const { items, pagination } = await operator.admin.auditEvents(query, { signal })
      return { items, nextCursor: pagination.nextCursor }
    },
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })

/** The parts of the log. */
export const chainQuery = queryOptions({
  queryKey: ['audit', 'chain'],
  queryFn: ({ signal }) => operator.admin.auditChain({}, { signal }),
  refetchInterval: 60_000,
})
