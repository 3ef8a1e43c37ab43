import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** The public configuration for forms: rules of passwords and usernames, lifetimes of codes, and whether Google is configured. */
export const authConfigQuery = queryOptions({
  queryKey: ['auth', 'config'],
  queryFn: ({ signal }) => muster.auth.config({ signal }),
  staleTime: 5 * 60_000,
})
