import type { Invite } from '@muster/client'
import { muster } from '../../lib/muster.ts'
import type { NumberedList } from '../../lib/numbered-pages.ts'

export type InviteStatus = Invite['status']

/** The invitations that the user may see, all or those in one state, the newest first. */
export const invitesList = (status: InviteStatus | undefined): NumberedList<Invite> => ({
  queryKey: ['invites', 'list', status],
  read: (query, options) => muster.invites.list({ ...(status && { status }), ...query }, options),
})
