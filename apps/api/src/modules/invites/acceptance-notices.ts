import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail } from '@muster/mail'
import { type Notification, notifyAll } from '@muster/notifications'
import type { UserRow } from '../accounts/accounts.service.ts'
import * as queries from './acceptance-notices.queries.ts'
import { platformRolesAbove } from './invite-rules.ts'
import type { InviteRow } from './invites.queries.ts'

/**
 * Tells who invited (a notification of the event `inviteAccepted`, and a mail), and the client_admins of the organization
 * and the roles of the platform above the inviter (`inviteStatusUpdate`); each as their preferences have it.
 */
export async function tellOfAcceptance(
  tx: TransactContext,
  invite: InviteRow,
  person: UserRow,
  now: Date,
): Promise<void> {
  const toTell = await queries.listToTell(tx.trx, {
    inviterId: invite.inviter_id,
    organizationId: invite.organization_id,
    platformRoles: platformRolesAbove(invite.inviter_role),
    exceptId: person.id,
  })
  const told = await notifyAll(
    tx,
    toTell.map((userId) => noticeTo(userId, invite, person)),
    now,
  )
  const inviter = told[toTell.indexOf(invite.inviter_id)]
  if (inviter?.isMailWanted) await mailInviter(tx, invite, person, inviter.id)
}

function noticeTo(userId: string, invite: InviteRow, { id, name }: UserRow): Notification {
  const isInviter = userId === invite.inviter_id
  const data = {
    event: isInviter ? 'inviteAccepted' : 'inviteStatusUpdate',
    inviteId: invite.id,
    status: 'accepted',
    email: invite.email,
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
      email: invite.email,
      role: invite.role,
      organizationName: invite.organization_name,
    },
  })
}
