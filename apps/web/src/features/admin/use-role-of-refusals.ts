import { useEffect } from 'react'
import { queryClient } from '../../lib/query.ts'
import { renewRoleAfter } from '../../lib/session.ts'

/** Asks for the role of the user again when the API refuses a read or an action, so that a page whose role was lost says so. */
export function useRoleOfRefusals(): void {
  useEffect(() => {
    const ends = [queryClient.getQueryCache(), queryClient.getMutationCache()].map((cache) =>
      cache.subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') renewRoleAfter(event.action.error)
      }),
    )
    return () => {
      for (const end of ends) end()
    }
  }, [])
}
