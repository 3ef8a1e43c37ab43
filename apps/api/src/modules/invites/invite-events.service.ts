import { displayEmailAddress } from '@muster/identifiers'
import { administeredOrganizationId, type Principal } from '@muster/policy'
import type { ServerEventPayload } from '@muster/realtime/events'
import type { Deps } from '../../deps.ts'
import { platformRolesAbove, statusOf } from './invite-rules.ts'
import { findByIds, type InviteRow } from './invites.queries.ts'

/** An invitation as its events carry it, and who may know of it. */
export type InviteEvent = {
  invitation: ServerEventPayload<'invite:status'>
  isInviter(principal: Principal): boolean
  /** The recipients of an acceptance's notifications, see `acceptance-notices.ts`. */
  isVisibleTo(principal: Principal): boolean
}

/** Reads invitations for their events, in no order; those that are gone are left out. */
export async function readInviteEvents(db: Deps['db'], ids: readonly string[], now: Date): Promise<InviteEvent[]> {
  return (await findByIds(db, ids)).map((row) => toEvent(row, now))
}

function toEvent(row: InviteRow, now: Date): InviteEvent {
  const above = platformRolesAbove(row.inviter_role)
  const isInviter = ({ userId }: Principal) => userId === row.inviter_id
  const isAdmin = (principal: Principal) =>
    row.organization_id !== null && administeredOrganizationId(principal) === row.organization_id
  return {
    invitation: {
      inviteId: row.id,
      status: statusOf(row, now),
      email: displayEmailAddress(row.email),
      role: row.role,
      organizationName: row.organization_name,
      userId: row.accepted_by,
    },
    isInviter,
    isVisibleTo: (principal) =>
      principal.userId !== row.accepted_by &&
      (isInviter(principal) || isAdmin(principal) || above.includes(principal.role)),
  }
}
