import type { User } from '@muster/client'
import { Link } from '@tanstack/react-router'
import { formatInstant } from '../../lib/dates.ts'
import { m } from '../../paraglide/messages.js'
import { Badge } from '../../ui/badge.tsx'
import { UndeliveredNote } from './invite-state.tsx'
import { isUndelivered } from './invite-statuses.ts'
import type { NewestInvites } from './queries.ts'
import { roleName } from './roles.ts'

/** The newest invitations that nobody has accepted yet, with the way to where they are resent and revoked; nothing where there are none. */
export function OpenInvites({ open, user }: { open: NewestInvites; user: User }) {
  if (open.total === 0) return null
  const title = m.invites_open_count({ count: open.total })
  return (
    <section aria-label={title} className="mb-4 rounded-xl border border-line bg-surface">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-4 py-3 sm:px-5">
        <h2 className="text-base font-semibold">{title}</h2>
        <Link to="/organization" search={{ view: 'invites' }} className="link text-[0.9375rem]">
          {m.invites_open_manage()}
        </Link>
      </div>
      <ul>
        {open.items.map((invite) => {
          const { id, email, role, invitedBy, createdAt } = invite
          const date = formatInstant(createdAt, { timeZone: user.timezone, dateStyle: 'medium' })
          return (
            <li key={id} className="border-t border-line px-4 py-3 sm:px-5">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <bdi className="min-w-0 truncate font-medium">{email}</bdi>
                <Badge tone="accent">{m.invites_invited_badge()}</Badge>
                {isUndelivered(invite) && <Badge tone="danger">{m.invites_not_delivered()}</Badge>}
              </p>
              <p className="text-sm text-ink-3">
                {roleName(role)}
                {' · '}
                {invitedBy.id === user.id
                  ? m.invites_sent_by_you({ date })
                  : m.invites_sent_by({ name: invitedBy.name, date })}
              </p>
              <UndeliveredNote invite={invite} reader={user} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}
