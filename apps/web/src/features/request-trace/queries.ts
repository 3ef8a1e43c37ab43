import { queryOptions } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'

/** What a request caused. Each look is an audit event, so it is not read again unasked. */
export const traceQuery = (requestId: string) =>
  queryOptions({
    queryKey: ['admin-trace', requestId],
    queryFn: ({ signal }) => operator.admin.trace(requestId, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
