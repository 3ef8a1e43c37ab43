import type { Invite, User } from '@muster/client'
import { Mail, MailPlus } from 'lucide-react'
import { formatInstant } from '../../lib/dates.ts'
import { muster } from '../../lib/muster.ts'
import { useNumberedPages } from '../../lib/numbered-pages.ts'
import { renewRoleAfter } from '../../lib/session.ts'
import { useAction } from '../../lib/use-action.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { useConfirm } from '../../ui/confirm.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { Select } from '../../ui/select.tsx'
import { VirtualRows } from '../../ui/virtual-rows.tsx'
import { PersonListSkeleton } from '../accounts/person-list.tsx'
import { PersonRowSkeleton } from '../accounts/person-row.tsx'
import { inviteFilters, type OrganizationSearch } from '../organizations/search.ts'
import { InviteBadge, UndeliveredNote } from './invite-state.tsx'
import { canResend, inviteStatuses } from './invite-statuses.ts'
import { type InviteStatus, invitesList } from './queries.ts'
import { mayChangeInvite } from './rights.ts'
import { roleName } from './roles.ts'

const rowHeightPx = 69

type Props = {
  user: User
  search: OrganizationSearch
  onSearch: (search: OrganizationSearch) => void
  onInvite: () => void
}

/** The invitations that the user may see, at first those that are open. */
export function InvitesView({ user, search, onSearch, onInvite }: Props) {
  const filter = search.status ?? 'pending'
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
        <p className="text-[0.9375rem] text-ink-3">
          {user.role === 'client_admin' ? m.invites_own_text() : m.invites_all_text()}
        </p>
        <Select
          size="sm"
          label={m.invites_status()}
          value={filter}
          items={inviteFilters.map((value) => ({
            value,
            label: value === 'all' ? m.invites_filter_all() : inviteStatuses[value].filter(),
          }))}
          onChange={(status) => onSearch({ ...search, status: status === 'pending' ? undefined : status })}
        />
      </div>
      <InviteList key={filter} user={user} status={filter === 'all' ? undefined : filter} onInvite={onInvite} />
    </>
  )
}

type ListProps = { user: User; status: InviteStatus | undefined; onInvite: () => void }

function InviteList({ user, status, onInvite }: ListProps) {
  const { total, itemAt, error, retry, setRange } = useNumberedPages(invitesList(status))
  if (total === undefined && error) return <ErrorState error={error} onRetry={retry} />
  if (total === undefined) return <PersonListSkeleton rows={3} />
  if (total === 0)
    return (
      <EmptyState
        icon={<Mail />}
        title={status === 'pending' ? m.invites_empty_title() : m.invites_none_title()}
        text={m.invites_empty_text()}
        action={
          <Button variant="primary" icon={<MailPlus aria-hidden="true" />} onClick={onInvite}>
            {m.invites_invite()}
          </Button>
        }
      />
    )
  return (
    <>
      <VirtualRows
        label={m.invites_invitations()}
        count={total}
        keyOf={(index) => itemAt(index)?.id ?? index}
        rowHeightPx={rowHeightPx}
        onRange={setRange}
        className="overflow-hidden rounded-xl border border-line bg-surface"
      >
        {(index) => {
          const invite = itemAt(index)
          return invite ? <InviteRow {...{ invite, user }} /> : <PersonRowSkeleton />
        }}
      </VirtualRows>
      {error && <ErrorState error={error} onRetry={retry} className="py-4" />}
    </>
  )
}

function InviteRow({ invite, user }: { invite: Invite; user: User }) {
  const { email, role, status, organizationName, invitedBy, createdAt, expiresAt } = invite
  const dateOf = (instant: string) => formatInstant(instant, { timeZone: user.timezone, dateStyle: 'medium' })
  const isOpen = status === 'pending' || status === 'expired'
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3 shadow-[0_-1px_0_var(--color-line)] sm:px-5">
      <div className="min-w-0 flex-1 basis-52">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi className="min-w-0 truncate font-medium">{email}</bdi>
          <InviteBadge invite={invite} />
        </p>
        {user.organizationId === null && (
          <p className="text-sm break-words text-ink-3">
            {roleName(role)}
            {organizationName !== null && (
              <>
                {' · '}
                <bdi>{organizationName}</bdi>
              </>
            )}
          </p>
        )}
        <p className="text-sm text-ink-3">
          {invitedBy.id === user.id
            ? m.invites_sent_by_you({ date: dateOf(createdAt) })
            : m.invites_sent_by({ name: invitedBy.name, date: dateOf(createdAt) })}
          {status === 'pending' && <> {m.invites_works_until({ date: dateOf(expiresAt) })}</>}
        </p>
        <UndeliveredNote invite={invite} reader={user} />
      </div>
      {isOpen && mayChangeInvite(user, invite) && <InviteActions invite={invite} />}
    </div>
  )
}

function InviteActions({ invite }: { invite: Invite }) {
  const { id, email, status } = invite
  const confirm = useConfirm()
  const { place, isPending, run } = useAction({ changes: ['invites'], onError: renewRoleAfter })
  async function revoke() {
    const isSure = await confirm({
      title: m.invites_revoke_title({ email }),
      text: m.invites_revoke_text(),
      confirmLabel: m.invites_revoke(),
      isDanger: true,
    })
    if (!isSure) return
    await run(async () => {
      await muster.invites.revoke(id)
      return m.invites_revoked({ email })
    })
  }
  const resend = () =>
    run(async () => {
      await muster.invites.resend(id)
      return m.invites_resent({ email })
    })
  return (
    <div ref={place} className="ms-auto flex items-center gap-1.5">
      {canResend(invite) && (
        <Button
          size="sm"
          isPending={isPending}
          aria-label={m.invites_resend_one({ email })}
          onClick={() => void resend()}
        >
          {m.invites_resend()}
        </Button>
      )}
      {status === 'pending' && (
        <Button
          size="sm"
          variant="ghost"
          isDisabled={isPending}
          aria-label={m.invites_revoke_one({ email })}
          onClick={() => void revoke()}
        >
          {m.invites_revoke()}
        </Button>
      )}
    </div>
  )
}
