import { displayEmailAddress } from '@muster/identifiers'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import { type Notification, type NotificationData, notifyAll } from '@muster/notifications'
import type { UserRow } from '../accounts/accounts.service.ts'
import * as queries from './acceptance-notices.queries.ts'
import { platformRolesAbove } from './invite-rules.ts'
import type { InviteRow } from './invites.queries.ts'

/**
 * Notifies the inviter of the acceptance (event `inviteAccepted`, and a mail), and also the client_admins of the
 * organization and the users with platform roles above the inviter's (event `inviteStatusUpdate`), by their preferences.
 */
export async function notifyOfAcceptance(
  tx: TransactContext,
  invite: InviteRow,
  user: UserRow,
  now: Date,
): Promise<void> {
  const recipients = await queries.listRecipients(tx.trx, {
    inviterId: invite.inviter_id,
    organizationId: invite.organization_id,
    platformRoles: platformRolesAbove(invite.inviter_role),
    exceptId: user.id,
  })
  const notified = await notifyAll(
    tx,
    recipients.map((userId) => noticeTo(userId, invite, user)),
    now,
  )
  const inviter = notified[recipients.indexOf(invite.inviter_id)]
  if (inviter?.isMailWanted) await mailInviter(tx, invite, user, inviter.id)
}

function noticeTo(userId: string, invite: InviteRow, { id, name }: UserRow): Notification {
  const isInviter = userId === invite.inviter_id
  const data: NotificationData = {
    event: isInviter ? 'inviteAccepted' : 'inviteStatusUpdate',
    inviteId: invite.id,
    status: 'accepted',
    email: displayEmailAddress(invite.email),
    role: invite.role,
    organizationName: invite.organization_name,
    userId: id,
  }
  return {
    userId,
    type: 'invite',
    title: 'Invitation accepted',
    message: `${name} accepted ${isInviter ? 'your invitation' : `the invitation of ${invite.inviter_name}`}.`,
    data,
  }
}

async function mailInviter(
  tx: TransactContext,
  invite: InviteRow,
  { name }: UserRow,
  notificationId: string | undefined,
): Promise<void> {
  await insertMail(tx, {
    template: 'invite-accepted',
    to: invite.inviter_email,
    userId: invite.inviter_id,
    notificationId,
    data: {
      name: invite.inviter_name,
      personName: name,
      email: displayEmailAddress(invite.email),
      role: invite.role,
      organizationName: invite.organization_name,
    },
  })
}
