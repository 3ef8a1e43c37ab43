import type { NotificationType, Preferences } from '@muster/client'
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { errorSentence } from '../../lib/errors.ts'
import { muster } from '../../lib/muster.ts'
import { queryClient } from '../../lib/query.ts'
import { toast } from '../../ui/toast.tsx'

const preferencesQuery = queryOptions({
  queryKey: ['users', 'preferences'],
  queryFn: ({ signal }) => muster.users.preferences({ signal }),
})

export type PreferencesChange = (preferences: Preferences) => Preferences

/** Returns the own preferences, and a function that changes them at once; when the server refuses, they are read again. */
export function usePreferences() {
  const query = useQuery(preferencesQuery)
  const { mutate } = useMutation({
    // One after the other: each request replaces all preferences, and the last one has every change.
    scope: { id: 'preferences' },
    async onMutate(change: PreferencesChange) {
      await queryClient.cancelQueries({ queryKey: preferencesQuery.queryKey })
      queryClient.setQueryData(preferencesQuery.queryKey, (before) => before && change(before))
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

/** Returns the change that turns a channel of a type of notification on or off; mails about security stay on. */
export const channelChange =
  (type: NotificationType, channel: 'inApp' | 'email', isOn: boolean): PreferencesChange =>
  (preferences) => ({
    ...preferences,
    notifications: {
      ...preferences.notifications,
      [type]: { ...preferences.notifications[type], [channel]: isOn },
    },
  })
