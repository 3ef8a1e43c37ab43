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
