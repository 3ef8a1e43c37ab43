import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'

/** The user's own organization. */
export const organizationQuery = queryOptions({
  queryKey: ['organizations', 'own'],
  queryFn: ({ signal }) => muster.organization.get({ signal }),
})
