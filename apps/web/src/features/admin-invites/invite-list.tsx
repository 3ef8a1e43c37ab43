import type { Invite, User } from '@muster/client'
import { type ReactNode, useState } from 'react'
import { formatInstant } from '../../lib/dates.ts'
import { muster } from '../../lib/muster.ts'
import { useNumberedPages } from '../../lib/numbered-pages.ts'
import { queryClient } from '../../lib/query.ts'
import { m } from '../../paraglide/messages.js'
import { Button } from '../../ui/button.tsx'
import { ErrorState } from '../../ui/error-state.tsx'
import { toast } from '../../ui/toast.tsx'
import { VirtualRows } from '../../ui/virtual-rows.tsx'
import { PersonListSkeleton } from '../accounts/person-list.tsx'
import { PersonRowSkeleton } from '../accounts/person-row.tsx'
import { ReasonDialog } from '../admin/reason-dialog.tsx'
import { InviteBadge, UndeliveredNote } from '../invites/invite-state.tsx'
import { canResend } from '../invites/invite-statuses.ts'
import { mayChangeInvite } from '../invites/rights.ts'
import { roleName } from '../invites/roles.ts'

const rowHeightPx = 90
/** Numbered pages end here. */
const lastRow = 10_000

type Filters = Omit<NonNullable<Parameters<typeof muster.invites.list>[0]>, 'page' | 'limit'>
type Chosen = { invite: Invite; action: 'resend' | 'revoke' }

/** Invitations of everybody, the newest first, with what the reader may do with each. */
export function InviteList({ filters, reader, empty }: { filters: Filters; reader: User; empty: ReactNode }) {
  const [chosen, setChosen] = useState<Chosen>()
  const { total, itemAt, error, retry, setRange } = useNumberedPages<Invite>({
    queryKey: ['invites', 'ops', filters],
    read: (query, options) => muster.invites.list({ ...filters, ...query }, options),
  })
  if (total === undefined && error) return <ErrorState error={error} onRetry={retry} />
  if (total === undefined) return <PersonListSkeleton rows={3} />
  if (total === 0) return empty
  return (
    <>
      <VirtualRows
        label={m.invites_invitations()}
        count={Math.min(total, lastRow)}
        keyOf={(index) => itemAt(index)?.id ?? index}
        rowHeightPx={rowHeightPx}
        onRange={setRange}
        className="overflow-hidden rounded-xl border border-line bg-surface"
      >
        {(index) => {
          const invite = itemAt(index)
          return invite ? <InviteRow {...{ invite, reader }} onChoose={setChosen} /> : <PersonRowSkeleton hasDetail />
        }}
      </VirtualRows>
      {error && <ErrorState error={error} onRetry={retry} className="py-4" />}
      {chosen && <ChangeDialog {...chosen} onClose={() => setChosen(undefined)} />}
    </>
  )
}

type RowProps = { invite: Invite; reader: User; onChoose: (chosen: Chosen) => void }

function InviteRow({ invite, reader, onChoose }: RowProps) {
  const { email, role, status, organizationName, invitedBy, createdAt, expiresAt } = invite
  const dateOf = (instant: string) => formatInstant(instant, { timeZone: reader.timezone, dateStyle: 'medium' })
  const isOpen = status === 'pending' || status === 'expired'
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3 shadow-[0_-1px_0_var(--color-line)] sm:px-5">
      <div className="min-w-0 flex-1 basis-52">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <bdi className="min-w-0 truncate font-medium">{email}</bdi>
          <InviteBadge invite={invite} />
        </p>
        <p className="text-sm break-words text-ink-3">
          {roleName(role)}
          {organizationName !== null && (
            <>
              {' · '}
              <bdi>{organizationName}</bdi>
            </>
          )}
        </p>
        <p className="text-sm text-ink-3">
          {m.invites_sent_by({ name: invitedBy.name, date: dateOf(createdAt) })}
          {status === 'pending' && <> {m.invites_works_until({ date: dateOf(expiresAt) })}</>}
        </p>
        <UndeliveredNote invite={invite} reader={reader} />
      </div>
      {isOpen && mayChangeInvite(reader, invite) && (
        <div className="ms-auto flex items-center gap-1.5">
          {canResend(invite) && (
            <Button
              size="sm"
              aria-label={m.invites_resend_one({ email })}
              onClick={() => onChoose({ invite, action: 'resend' })}
            >
              {m.invites_resend()}
            </Button>
          )}
          {status === 'pending' && (
            <Button
              size="sm"
              variant="ghost"
              aria-label={m.invites_revoke_one({ email })}
              onClick={() => onChoose({ invite, action: 'revoke' })}
            >
              {m.invites_revoke()}
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

function ChangeDialog({ invite: { id, email }, action, onClose }: Chosen & { onClose: () => void }) {
  const isResend = action === 'resend'
  return (
    <ReasonDialog
      title={isResend ? m.ops_people_resend_title({ email }) : m.invites_revoke_title({ email })}
      submitLabel={isResend ? m.invites_resend() : m.invites_revoke()}
      onClose={onClose}
      onSubmit={async (note) => {
        try {
          if (isResend) await muster.invites.resend(id, { note })
          else await muster.invites.revoke(id, { note })
          toast({
            kind: 'success',
            title: isResend ? m.invites_resent({ email }) : m.invites_revoked({ email }),
          })
        } finally {
          await queryClient.invalidateQueries({ queryKey: ['invites'] })
        }
      }}
    >
      <p>{isResend ? m.ops_people_resend_text() : m.invites_revoke_text()}</p>
    </ReasonDialog>
  )
}
