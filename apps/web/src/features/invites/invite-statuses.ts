import type { Invite } from '@muster/client'
import { m } from '../../paraglide/messages.js'
import type { Tone } from '../../ui/badge.tsx'
import type { InviteStatus } from './queries.ts'

/** How each state of an invitation is called, alone and as a filter, and its colour. */
export const inviteStatuses: Record<InviteStatus, { label: () => string; filter: () => string; tone: Tone }> = {
  pending: { label: m.invites_status_pending, filter: m.invites_filter_pending, tone: 'accent' },
  accepted: { label: m.invites_status_accepted, filter: m.invites_filter_accepted, tone: 'success' },
  expired: { label: m.invites_status_expired, filter: m.invites_filter_expired, tone: 'warning' },
  revoked: { label: m.invites_status_revoked, filter: m.invites_filter_revoked, tone: 'neutral' },
}

/** Tells whether an open invitation cannot be accepted, because its mail was not delivered. */
export const isUndelivered = ({ status, delivery }: Invite): boolean =>
  status === 'pending' && (delivery === 'failed' || delivery === 'suppressed')

/** Tells whether a new mail could arrive. */
export const canResend = ({ status, delivery }: Invite): boolean =>
  (status === 'pending' || status === 'expired') && delivery !== 'suppressed'
