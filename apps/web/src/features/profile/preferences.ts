import type { NewPreferences, NotificationType, Preferences } from '@muster/client'
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { toast } from '../../ui/toast.tsx'

const preferencesQuery = queryOptions({
  queryKey: ['users', 'preferences'],
  queryFn: ({ signal }) => muster.users.preferences({ signal }),
})

/** Returns the preferences with the changed fields in their places. */
export function merged(before: Preferences, { notifications = {}, ...rest }: NewPreferences): Preferences {
  const types = Object.keys(before.notifications) as NotificationType[]
  const channels = types.map((type) => [type, { ...before.notifications[type], ...notifications[type] }] as const)
  return { ...before, ...rest, notifications: Object.fromEntries(channels) as Preferences['notifications'] }
}

/** Returns the own preferences, and a function that changes them at once; when the server refuses, they are read again. */
export function usePreferences() {
  const query = useQuery(preferencesQuery)
  const { mutate } = useMutation({
    // One after the other: each request replaces all preferences, and the last one has every change.
    scope: { id: 'preferences' },
    async onMutate(change: NewPreferences) {
      await queryClient.cancelQueries({ queryKey: preferencesQuery.queryKey })
      queryClient.setQueryData(preferencesQuery.queryKey, (before) => before && merged(before, change))
    },
    async mutationFn() {
      const wanted = queryClient.getQueryData(preferencesQuery.queryKey)
      if (wanted) await muster.users.replacePreferences(wanted)
    },
    onError(error) {
      toast({ kind: 'error', title: errorSentence(error) })
      return queryClient.invalidateQueries({ queryKey: preferencesQuery.queryKey })
    },
  })
  return { ...query, change: mutate }
}
