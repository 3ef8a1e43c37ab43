import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** The invitation of a mailed link. Reading it does not use it. */
export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invites', 'details', token],
    queryFn: ({ signal }) => muster.invites.details(token, { signal }),
    retry: false,
  })
