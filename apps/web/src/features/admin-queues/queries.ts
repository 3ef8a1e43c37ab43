import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

const refreshMs = 5_000

/** The counts of all queues. No event tells that they change, so they are read again while the page is seen. */
export const queuesQuery = queryOptions({
  queryKey: ['admin-queues', 'counts'],
  queryFn: ({ signal }) => muster.admin.queues({ signal }),
  refetchInterval: refreshMs,
})
