import type { Invite, User } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { may } from '../admin/rights.ts'
import { inviteStatuses, isUndelivered } from './invite-statuses.ts'

/** The state of an invitation: an open one whose mail did not arrive says so. */
export function InviteBadge({ invite }: { invite: Invite }) {
  if (isUndelivered(invite)) return <Badge tone="danger">{m.invites_not_delivered()}</Badge>
  const { label, tone } = inviteStatuses[invite.status]
  return <Badge tone={tone}>{label()}</Badge>
}

/** Says why the mail of an open invitation did not arrive and what helps, to operators with the way to the mail. */
export function UndeliveredNote({ invite, reader }: { invite: Invite; reader: User }) {
  if (!isUndelivered(invite)) return null
  return (
    <p className="text-sm break-words text-danger">
      {invite.delivery === 'suppressed' ? m.invites_address_refused() : m.invites_mail_failed()}
      {may(reader.role, 'email.read') && (
        <>
          {' '}
          <Link to="/ops/mails/$emailId" params={{ emailId: invite.emailId }} className="link">
            {m.invites_show_mail()}
          </Link>
        </>
      )}
    </p>
  )
}
