import type { Presence, PublicUser } from '@muster/client'
import { useEffect, useRef } from 'react'
import { formatRelative } from '../../lib/dates.ts'
import { live } from '../../lib/live-muster.ts'
import { useStore } from '../../lib/use-store.ts'
import { m } from '../../paraglide/messages.js'

/** Follows the presence of these users while they are shown; users who stay among them are not asked for again. */
export function useFollowedPresence(userIds: readonly string[]): void {
  const end = useRef<(() => void) | undefined>(undefined)
  const ids = userIds.toSorted().join()
  useEffect(() => {
    const before = end.current
    end.current = ids === '' ? undefined : live.realtime().presence.follow(ids.split(','))
    before?.()
  }, [ids])
  useEffect(
    () => () => {
      end.current?.()
      end.current = undefined
    },
    [],
  )
}

type Shown = Pick<PublicUser, 'id' | 'status' | 'lastSeenAt'>

/** Returns the presence of a user: the live one, or what was read before it is known. */
export function usePresence({ id, status, lastSeenAt }: Shown): Presence {
  const known = useStore(live.realtime().presence).get(id)
  return known && known.status !== null ? known : { status, lastSeenAt }
}

/** Returns the sentence for a presence; undefined for a user who was never seen, or hides it. */
export function presenceText({ status, lastSeenAt }: Presence): string | undefined {
  if (status === 'online') return m.accounts_online()
  return lastSeenAt === null ? undefined : m.accounts_last_seen({ when: formatRelative(lastSeenAt) })
}
