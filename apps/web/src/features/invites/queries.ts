import type { Invite } from '@muster/client'
import { queryOptions } from '@tanstack/react-query'
import { muster } from '../../lib/muster.ts'
import type { NumberedList } from '../../lib/numbered-pages.ts'

export type InviteStatus = Invite['status']

/** The invitations that the user may see, all or those in one state, the newest first. */
export const invitesList = (status: InviteStatus | undefined): NumberedList<Invite> => ({
  queryKey: ['invites', 'list', status],
  read: (query, options) => muster.invites.list({ ...(status && { status }), ...query }, options),
})

/** The newest of some invitations, and how many there are. */
export type NewestInvites = { items: Invite[]; total: number }

/** The open invitations that the user may see. */
export const openInvitesQuery = queryOptions({
  queryKey: ['invites', 'open'],
  async queryFn({ signal }): Promise<NewestInvites> {
    const { items, pagination } = await muster.invites.list({ status: 'pending', limit: 5 }, { signal })
    return { items, total: pagination.total ?? items.length }
  },
})
