import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** What forms need to know before anybody is signed in: rules, lifetimes, and whether Google is there. */
export const authConfigQuery = queryOptions({
  queryKey: ['auth', 'config'],
  queryFn: ({ signal }) => muster.auth.config({ signal }),
  staleTime: 5 * 60_000,
})
