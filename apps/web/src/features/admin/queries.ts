import { queryOptions } from '@tanstack/react-query'
import { operator } from '../../lib/operator.ts'

const refreshMs = 5_000

/** The state of the installation. No event tells that it changes, so it is read again while the page is seen. */
export const statusQuery = queryOptions({
  queryKey: ['admin', 'status'],
  queryFn: ({ signal }) => operator.admin.status({ signal }),
  refetchInterval: refreshMs,
})
